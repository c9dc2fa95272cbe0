// Copyright: (c) 2026, Plannoir contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// node migrate.cjs FOLDER script FILE                 bundles a script of the person's that makes tables
// node migrate.cjs FOLDER drizzle OUT DRIVER VARIABLE [CASING SCHEMA...]  bundles Drizzle's own migrator for the revisions in OUT
//
// What it writes, /migration/FOLDER/migrate.mjs, needs neither the development dependencies nor a program of theirs. With the files of a schema,
// `migrate.mjs difference` compares that with the database: tables, columns, NOT NULL. Types, defaults and indexes are left to drizzle-kit.
const fs = require("node:fs")
const path = require("node:path")
const { buildSync } = require("/usr/local/lib/node_modules/esbuild")

const [folder, kind, file, driver, variable, casing, ...schemas] = process.argv.slice(2)
const DRIVERS = {
  "node-postgres": ['import pg from "pg"', "new pg.Pool({ connectionString: url, max: 1 })", "(await client.query(sql)).rows"],
  "postgres-js": ['import postgres from "postgres"', "postgres(url, { max: 1, onnotice: () => {} })", "await client.unsafe(sql)"],
  mysql2: ['import mysql from "mysql2/promise"', "await mysql.createConnection(url)", "(await client.query(sql))[0]"],
}
const home = path.resolve("/migration", folder)
const source = path.resolve(folder)

// As it stands in the bundle: `client`, `read` and `casing` are there.
async function difference(modules) {
  const { Table, getTableColumns, getTableName, is } = await import("drizzle-orm")
  const words = (text) => text.replace(/['\u2019]/g, "").match(/[\da-z]+|[A-Z]+(?![a-z])|[A-Z][\da-z]+/g) || []
  const spelt = {
    snake_case: (text) => words(text).map((word) => word.toLowerCase()).join("_"),
    camelCase: (text) => words(text).map((word, at) => (at ? word[0].toUpperCase() + word.slice(1).toLowerCase() : word.toLowerCase())).join(""),
  }
  const own = driver === "mysql2" ? "database()" : "current_schema()"
  const columns = "table_name AS t, column_name AS c, is_nullable AS n, table_schema AS s, table_schema = " + own + " AS own"
  const there = new Map()
  for (const row of await read("SELECT " + columns + " FROM information_schema.columns")) {
    const name = Number(row.own) ? row.t : row.s + "." + row.t
    there.set(name, (there.get(name) || new Map()).set(row.c, row.n === "YES"))
  }
  const found = new Set()
  for (const table of modules.flatMap((module) => Object.values(module)).filter((value) => is(value, Table))) {
    const schema = table[Table.Symbol.Schema]
    const name = schema && schema !== "public" ? schema + "." + getTableName(table) : getTableName(table)
    const held = there.get(name)
    if (!held) {
      found.add("no table " + name)
      continue
    }
    const wanted = Object.values(getTableColumns(table)).map((column) => {
      const key = column.keyAsName && spelt[casing] ? spelt[casing](column.name) : column.name
      if (!held.has(key)) found.add("no column " + name + "." + key)
      else if (held.get(key) && (column.notNull || column.primary)) found.add("no NOT NULL at " + name + "." + key)
      return key
    })
    for (const key of held.keys()) if (!wanted.includes(key)) found.add("column " + name + "." + key + ", which the schema lacks")
  }
  return [...found]
}

function migrator(files) {
  const [library, client, rows] = DRIVERS[driver]
  const compared = `
if (process.argv[2] === "difference") {
  const [driver, casing] = ${JSON.stringify([driver, casing])}
  const read = async (sql) => ${rows}
  ${difference}
  const modules = [${files.map((name) => `await import(${JSON.stringify(`./${name}`)})`).join(", ")}]
  const found = await difference(modules)
  console.log(found.length ? "Difference to the schema: " + found.join("; ") : "No difference to the schema.")
  process.exit(found.length ? 1 : 0)
}`
  return `${library}
import { drizzle } from "drizzle-orm/${driver}"
import { migrate } from "drizzle-orm/${driver}/migrator"
const url = process.env[${JSON.stringify(variable)}]
if (!url) throw new Error(${JSON.stringify(`${variable} is not set`)})
const client = ${client}${files.length ? compared : ""}
await migrate(drizzle(client), { migrationsFolder: ${JSON.stringify(file)} })
await client.end()
console.log("The revisions in ${file} are applied.")
`
}

function bundle(entry, logLevel) {
  buildSync({
    ...entry,
    absWorkingDir: source,
    bundle: true,
    platform: "node",
    format: "esm",
    // What is written for CommonJS asks for more at run time.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    external: ["pg-native", "cloudflare:sockets"],
    outfile: path.join(home, "migrate.mjs"),
    logLevel,
  })
}

const drizzle = (files) => ({ stdin: { contents: migrator(files), resolveDir: source, sourcefile: "migrator.ts" } })
if (kind === "drizzle") {
  try {
    bundle(drizzle(schemas), "silent")
  } catch (error) {
    // The tables are made without what the schema's files import.
    if (!schemas.length) throw error
    console.warn(`${schemas.join(", ")} cannot be bundled, so nothing compares the database with it: ${error.message}`)
    bundle(drizzle([]), "warning")
  }
} else bundle({ entryPoints: [path.join(source, file)] }, "warning")
// Revisions are read as files, from where they are in the source.
const revisions = (start) =>
  fs.readdirSync(start, { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(start, entry.name)
    if (entry.isFile()) return /\.sql$/.test(entry.name) ? [start] : []
    return entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".") ? revisions(inner) : []
  })
for (const found of new Set(revisions(source))) {
  fs.cpSync(found, path.join(home, path.relative(source, found)), { recursive: true })
}
