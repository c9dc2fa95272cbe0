// Copyright: (c) 2026, Plannoir contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is run inside a Node application's own image to find out what only running tells; its text is handed to the image's Node.js, 18 or
// newer. It stands alone. `node -e BEGIN -- <request>` asks everything and prints one line of JSON behind the request's mark, as inside.py does.
const { spawn, spawnSync } = require("node:child_process")
const http = require("node:http")
const net = require("node:net")

const request = JSON.parse(process.argv[process.argv.length - 1])
const STEP = request.step * 1000
const START = (STEP * 3) / 4
const own = { ...process.env }
delete own.PLANNOIR_TRIAL

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time))

function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port, timeout: 1000 })
    const end = (good) => {
      socket.destroy()
      resolve(good)
    }
    socket.on("connect", () => end(true))
    socket.on("timeout", () => end(false))
    socket.on("error", () => end(false))
  })
}

function run(command, env) {
  const options = { env: { ...own, ...env }, timeout: STEP, killSignal: "SIGKILL", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 26 }
  const done = spawnSync(command[0], command.slice(1), options)
  const output = `${done.stdout || ""}${done.stderr || ""}`.slice(-6000)
  if (done.error && done.error.code === "ETIMEDOUT") return { code: 124, output: `${output}\nit did not end within ${request.step} s` }
  if (done.error) return { code: 127, output: String(done.error.message) }
  return { code: done.status === null ? 137 : done.status, output }
}

/** Start the server; what comes back has `ok`, its output so far as `error`, and `end`, which ends all that it started. */
async function start(env) {
  // The kubelet's HOSTNAME is the pod's name, at which some servers would listen instead of everywhere.
  const options = { env: { ...own, HOSTNAME: "0.0.0.0", ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] }
  const child = spawn(request.command[0], request.command.slice(1), options)
  let output = ""
  let over = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output = `${output}${data}`.slice(-6000)))
  child.on("error", (error) => (over = error.message))
  child.on("close", (code, signal) => (over = over || `it ended with ${signal || code}`))
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL")
    } catch {
      // It has ended by itself.
    }
  }
  for (const deadline = Date.now() + START; Date.now() < deadline && !over; await pause(200)) {
    if (await connects(request.port)) return { ok: true, error: "", end }
  }
  end()
  return { ok: false, error: output.trim() || over || `nothing listens on port ${request.port} after ${START / 1000} s`, end }
}

function names(text) {
  const told = new RegExp(request.tells, "i").test(text)
  return told ? [...new Set(text.match(new RegExp(request.variable, "g")) || [])] : []
}

function get(path) {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port: request.port, path, timeout: 10000, agent: false, headers: { Host: "localhost" } }
    const asked = http.get(options, (answer) => {
      let body = ""
      answer.on("data", (data) => (body += body.length < 500 ? data : ""))
      answer.on("end", () => resolve([answer.statusCode, body.slice(0, 500)]))
    })
    asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")))
    asked.on("error", (error) => resolve([500, error.message.slice(0, 500)]))
  })
}

async function ask(server) {
  const found = {}
  for (const path of request.paths) found[path] = server.ok ? await get(path) : [0, server.error.slice(-500)]
  return found
}

async function main() {
  for (const deadline = Date.now() + STEP; request.database && Date.now() < deadline && !(await connects(request.database)); await pause(300));
  const missing = []
  const env = (more) => ({ ...request.env, ...more, ...Object.fromEntries(missing.map((name) => [name, standIn(name)])) })
  // What fails may name variables that it wants; it gets a stand-in for each and another attempt.
  const attempt = async (question) => {
    for (;;) {
      const answer = await question(env(request.present))
      const known = (name) => name in request.env || name in request.present || missing.includes(name)
      const more = answer.ok || answer.code === 0 ? [] : names(answer.error || answer.output).filter((name) => !known(name))
      if (!more.length || missing.length >= request.rounds) return answer
      missing.push(...more)
    }
  }
  const answers = { missing, load: { ok: true, error: "", paths: [] } }
  if (request.migration.length && request.database) {
    answers.migration = await attempt((given) => run(request.migration, given))
    if (!answers.migration.code) {
      answers.again = run(request.migration, env(request.present))
      if (request.compare.length) answers.compare = run(request.compare, env(request.present))
    }
  }
  if (request.command.length) {
    const server = await attempt(start)
    answers.load = { ok: server.ok, error: server.error.slice(-1500), paths: [] }
    if (server.ok) {
      answers.with = await ask(server)
      server.end()
      for (const deadline = Date.now() + 5000; Date.now() < deadline && (await connects(request.port)); await pause(100));
      const without = await start(env(request.away))
      answers.without = await ask(without)
      without.end()
    }
  }
  return answers
}

function standIn(name) {
  const kind = ["address", "number"].find((one) => new RegExp(request[one]).test(name))
  return request.stand_in[kind || "text"]
}

main().then((answers) => {
  process.stdout.write(`\n${request.mark}${JSON.stringify(answers)}\n`)
  process.exit(0)
})
