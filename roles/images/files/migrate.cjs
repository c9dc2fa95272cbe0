// Copyright: (c) 2026, Plannoir contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// node migrate.cjs FOLDER script FILE                 bundles a script of the person's that makes tables
// node migrate.cjs FOLDER drizzle OUT DRIVER VARIABLE  bundles Drizzle's own migrator for the revisions in OUT
//
// What it writes, /migration/FOLDER/migrate.mjs, needs neither the development dependencies nor a program of theirs.
const fs = require("node:fs")
const path = require("node:path")
const { buildSync } = require("/usr/local/lib/node_modules/esbuild")

const [folder, kind, file, driver, variable] = process.argv.slice(2)
const DRIVERS = {
  "node-postgres": ['import pg from "pg"', "new pg.Pool({ connectionString: url, max: 1 })"],
  "postgres-js": ['import postgres from "postgres"', "postgres(url, { max: 1, onnotice: () => {} })"],
  mysql2: ['import mysql from "mysql2/promise"', "await mysql.createConnection(url)"],
}
const home = path.resolve("/migration", folder)
const source = path.resolve(folder)

function migrator() {
  const [library, client] = DRIVERS[driver]
  return `${library}
import { drizzle } from "drizzle-orm/${driver}"
import { migrate } from "drizzle-orm/${driver}/migrator"
const url = process.env[${JSON.stringify(variable)}]
if (!url) throw new Error(${JSON.stringify(`${variable} is not set`)})
const client = ${client}
await migrate(drizzle(client), { migrationsFolder: ${JSON.stringify(file)} })
await client.end()
console.log("The revisions in ${file} are applied.")
`
}

const entry =
  kind === "drizzle" ? { stdin: { contents: migrator(), resolveDir: source, sourcefile: "migrator.ts" } } : { entryPoints: [path.join(source, file)] }
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
  logLevel: "warning",
})
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
