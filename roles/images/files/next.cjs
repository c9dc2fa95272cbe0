// Copyright: (c) 2026, Plannoir contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// node next.cjs FOLDER COMMAND...: builds a Next.js application with its own build script, and puts what runs into /out, whatever next.config says.
const { spawnSync } = require("node:child_process")
const fs = require("node:fs")
const path = require("node:path")

const root = process.cwd()
const [folder, ...command] = process.argv.slice(2)
const FONTS = "https://fonts.googleapis.com"
const CSS = "@font-face { font-family: 'Local'; font-style: normal; font-weight: 400; src: local('sans-serif'); }"

// NEXT_PRIVATE_STANDALONE is heard up to Next.js 15, the adapter from 16 on.
fs.writeFileSync(
  "/docker/adapter.mjs",
  `const given = { output: "standalone", outputFileTracingRoot: ${JSON.stringify(root)} }
export default { name: "standalone", modifyConfig: (config) => ({ ...config, ...given }) }
`,
)
const environment = { ...process.env, NEXT_PRIVATE_STANDALONE: "1", NEXT_ADAPTER_PATH: "/docker/adapter.mjs" }

// The browser's own fonts take the place of those that are not to be had: webpack asks for any address, Turbopack looks for the one it needs.
function answer(addresses) {
  const known = JSON.stringify(Object.fromEntries(addresses.map((address) => [address, CSS])))
  fs.writeFileSync(
    "/docker/fonts.cjs",
    `const answer = ${JSON.stringify(CSS)}
const get = (known, key) => (typeof key === "string" && key.startsWith("http") ? answer : known[key])
module.exports = new Proxy(${known}, { get })
`,
  )
  environment.NEXT_FONT_GOOGLE_MOCKED_RESPONSES = "/docker/fonts.cjs"
}

// The addresses that the calls of next/font/google in the source lead to, by Next.js' own functions.
function addresses() {
  const found = new Set()
  const next = path.dirname(require.resolve("next/package.json", { paths: [path.resolve(root, folder)] }))
  const google = (name) => require(path.join(next, "dist/compiled/@next/font/dist/google", name))
  for (const file of sources(root)) {
    const text = fs.readFileSync(file, "utf8")
    for (const [, names] of text.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']next\/font\/google["']/g)) {
      for (const name of names.split(",").map((name) => name.trim()).filter(Boolean)) {
        const [font, alias = font] = name.split(/\s+as\s+/)
        for (const call of text.matchAll(new RegExp(`\\b${alias}\\s*\\(\\s*(\\{[^]*?\\})\\s*\\)`, "g"))) {
          try {
            // Next.js takes literals only, and the build runs this source anyway.
            const options = google("validate-google-font-function-call").validateGoogleFontFunctionCall(font, new Function(`return ${call[1]}`)())
            const axes = google("get-font-axes").getFontAxes(options.fontFamily, options.weights, options.styles, options.selectedVariableAxes)
            found.add(google("get-google-fonts-url").getGoogleFontsUrl(options.fontFamily, axes, options.display))
          } catch (error) {
            console.error(`${file}: ${font}: ${error.message}`)
          }
        }
      }
    }
  }
  return found
}

function* sources(start) {
  for (const entry of fs.readdirSync(start, { withFileTypes: true })) {
    const inner = path.join(start, entry.name)
    if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")) yield* sources(inner)
    else if (/\.[cm]?[jt]sx?$/.test(entry.name) && entry.isFile() && fs.readFileSync(inner, "utf8").includes("next/font/google")) yield inner
  }
}

async function main() {
  const reached = await fetch(FONTS, { signal: AbortSignal.timeout(5000) }).then(() => true, () => false)
  if (!reached) {
    console.log(`${FONTS} does not answer: fonts of the browser's own take the place of next/font/google's.`)
    answer([...addresses()])
  }
  const [program, ...words] = command
  const { status, error } = spawnSync(program, words, { cwd: path.resolve(root, folder), env: environment, stdio: "inherit" })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
  collect()
}

function collect() {
  const made = path.resolve(root, folder, ".next")
  const standalone = path.join(made, "standalone")
  // Where next.config names another folder as the root, the server is as deep as that says.
  const server = fs.readdirSync(standalone, { recursive: true }).filter((name) => /(^|\/)server\.js$/.test(name) && !name.includes("node_modules/"))
  const wanted = path.join(folder, "server.js")
  const found = server.includes(wanted) ? wanted : server.sort((one, other) => one.length - other.length)[0]
  if (!found) throw new Error(`${standalone} holds no server.js: does next.config set output or distDir?`)
  const options = { recursive: true, verbatimSymlinks: true }
  if (found === wanted) fs.cpSync(standalone, "/out", options)
  else fs.cpSync(path.join(standalone, path.dirname(found)), path.join("/out", folder), options)
  const home = path.join("/out", folder)
  fs.cpSync(path.join(made, "static"), path.join(home, ".next/static"), options)
  if (fs.existsSync(path.resolve(root, folder, "public"))) fs.cpSync(path.resolve(root, folder, "public"), path.join(home, "public"), options)
  // sharp is there for next/image alone, whose address is in each page that has one.
  const scripts = fs.readdirSync(path.join(made, "static"), { recursive: true }).filter((file) => /\.js$/.test(file))
  const has = (name) => scripts.some((file) => fs.readFileSync(path.join(made, "static", file)).includes(name))
  const manifest = JSON.parse(fs.readFileSync(path.resolve(root, folder, "package.json"), "utf8"))
  const { dependencies, devDependencies } = { dependencies: {}, devDependencies: {}, ...manifest }
  const unneeded = []
  if (!("sharp" in { ...dependencies, ...devDependencies }) && !has("/_next/image")) {
    unneeded.push(/(^|\/)node_modules\/(@img|sharp|\.pnpm\/(@img\+sharp-|sharp@)[^/]*)$/)
  }
  // What Next.js follows may lead to the compiler, which it loads for the build alone.
  if ("typescript" in devDependencies && !("typescript" in dependencies)) {
    unneeded.push(/(^|\/)node_modules\/(typescript|\.pnpm\/typescript@[^/]*)$/)
  }
  for (const modules of fs.readdirSync("/out", { recursive: true }).filter((name) => unneeded.some((pattern) => pattern.test(name)))) {
    fs.rmSync(path.join("/out", modules), { recursive: true, force: true })
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
