// What belongs to one connection, and how the shared backend takes its shape.
import { BASE_SETTINGS, quoted, rewrite } from './rewrite.mjs'
import {
  FROM_CLIENT, cString, commandComplete, errorResponse, message, messages, readString, readyForQuery, typeOf
} from './protocol.mjs'

const CHANGES_SETTINGS = /\b(set|reset|discard|set_config|authorization)\b/i
const MAKES_TEMPORARY = /\btemp(orary)?\b/i
const TAKES_ADVISORY_LOCK = /pg_(try_)?advisory_lock/i
const COPIES_IN = /^\s*copy\b[\s\S]*\bfrom\s+stdin\b/i
const FORGETS_ALL = /^\s*(discard|deallocate)\s+all\s*;?\s*$/i

export class Session {
  #db
  #settings = []
  #role = { role: 'none', session: 'postgres' }
  #prepared = new Set()
  #changed = true
  #temporary = false
  #advisory = false

  /** PostgreSQL's transaction status: I(dle), T(ransaction), E(rror). */
  status = 'I'
  closed = false

  constructor(id, user, socket, db, license) {
    Object.assign(this, { id, user, socket, license })
    this.#db = db
  }

  query = (sql, parameters) => this.#db.query(sql, parameters).then(result => result.rows)

  /** Takes the startup packet's user and settings; returns false where the user may not log in. */
  async begin(parameters) {
    const notSettings = ['user', 'database', 'options', 'replication']
    for (const [name, value] of Object.entries(parameters)) {
      if (!notSettings.includes(name) && !name.startsWith('_pq_')) await this.#set(name, value)
    }
    for (const [, name, value] of (parameters.options ?? '').matchAll(/-c\s*([\w.]+)=((?:\\.|\S)*)/g)) {
      await this.#set(name, value.replace(/\\(.)/g, '$1'))
    }
    if (this.user !== 'postgres') {
      const known = await this.query('select 1 from pg_roles where rolname=$1 and rolcanlogin', [this.user])
      if (!known.length) return false
      await this.#db.exec(`set session authorization ${quoted(this.user)}`)
    }
    await this.#remember()
    return true
  }

  /** Makes the backend look as this session left it; `previous` is who had it last. */
  async enter(previous) {
    if (previous && !previous.closed && previous.#changed) await previous.#remember()
    if (previous && !previous.closed && previous.#shape() === this.#shape()) return
    await this.#reset()
    for (const { name, setting } of this.#settings) await this.#set(name, setting)
    if (this.#role.session !== 'postgres') {
      await this.#db.exec(`set session authorization ${quoted(this.#role.session)}`)
    }
    if (this.#role.role !== 'none') await this.#db.exec(`set role ${quoted(this.#role.role)}`)
  }

  /** Runs one message of the client and returns the answer. */
  async run(bytes) {
    switch (typeOf(bytes)) {
      case FROM_CLIENT.query: {
        const [statement] = readString(bytes, 5)
        this.#note(statement)
        if (COPIES_IN.test(statement)) return Buffer.concat([NO_COPY, readyForQuery(this.status)])
        if (this.status === 'I' && FORGETS_ALL.test(statement)) return this.#forgetAll(statement)
        return this.#forward(message('Q', cString(await rewrite(statement, this, this.query))))
      }
      case FROM_CLIENT.parse: {
        const [name, afterName] = readString(bytes, 5)
        const [statement, afterStatement] = readString(bytes, afterName)
        this.#note(statement)
        if (COPIES_IN.test(statement)) return NO_COPY
        if (name) this.#prepared.add(this.#own(name))
        const rewritten = await rewrite(statement, this, this.query)
        return this.#forward(
          message('P', cString(this.#own(name)), cString(rewritten), bytes.subarray(afterStatement)))
      }
      case FROM_CLIENT.bind: {
        const [portal, afterPortal] = readString(bytes, 5)
        const [name, afterName] = readString(bytes, afterPortal)
        return this.#forward(
          message('B', cString(this.#own(portal)), cString(this.#own(name)), bytes.subarray(afterName)))
      }
      case FROM_CLIENT.close:
      case FROM_CLIENT.describe: {
        const [name] = readString(bytes, 6)
        if (typeOf(bytes) === FROM_CLIENT.close) this.#prepared.delete(this.#own(name))
        return this.#forward(message(typeOf(bytes), bytes.subarray(5, 6), cString(this.#own(name))))
      }
      case FROM_CLIENT.execute: {
        const [portal, afterPortal] = readString(bytes, 5)
        return this.#forward(message('E', cString(this.#own(portal)), bytes.subarray(afterPortal)))
      }
      default:
        return this.#forward(bytes)
    }
  }

  /** Whether `leave` needs the backend in this session's shape. */
  hasLeftovers() {
    return this.#prepared.size > 0 || this.#temporary || this.#advisory
  }

  /** Undoes what the end of a real session would. */
  async leave() {
    await this.#db.exec('set session authorization postgres; reset role').catch(() => {})
    await this.#cleanUp()
  }

  async rollback() {
    await this.#db.exec('rollback').catch(() => {})
  }

  // Statements and portals of all sessions live in one backend.
  #own(name) {
    return name === '' ? '' : `c${this.id}_${name}`
  }

  #note(statement) {
    if (CHANGES_SETTINGS.test(statement)) this.#changed = true
    if (MAKES_TEMPORARY.test(statement)) this.#temporary = true
    if (TAKES_ADVISORY_LOCK.test(statement)) this.#advisory = true
  }

  async #forward(bytes) {
    // Not execProtocolRaw, which keeps every message that it ever parsed.
    const answer = await this.#db.execProtocol(new Uint8Array(bytes), { throwOnError: false, syncToFs: false })
    const kept = []
    for (const part of messages(Buffer.from(answer.data))) {
      if (isChatter(part)) continue
      if (typeOf(part) === 'Z') this.status = String.fromCharCode(part[5])
      // pgjdbc sends BEGIN and the first statement in one go: the second is in a transaction already.
      if (typeOf(part) === 'C' && /^(BEGIN|START TRANSACTION)\0/.test(part.toString('latin1', 5))) this.status = 'T'
      kept.push(part)
    }
    return Buffer.concat(kept)
  }

  async #forgetAll(statement) {
    await this.#cleanUp()
    const discard = /discard/i.test(statement)
    if (discard) {
      await this.#reset()
      this.#settings = []
      this.#role = { role: 'none', session: this.#role.session }
      if (this.#role.session !== 'postgres') {
        await this.#db.exec(`set session authorization ${quoted(this.#role.session)}`)
      }
      this.#changed = true
    }
    return Buffer.concat([commandComplete(discard ? 'DISCARD ALL' : 'DEALLOCATE ALL'), readyForQuery('I')])
  }

  async #cleanUp() {
    for (const name of this.#prepared) await this.#db.exec(`deallocate ${quoted(name)}`).catch(() => {})
    this.#prepared.clear()
    if (this.#advisory) await this.#db.exec('select pg_advisory_unlock_all()').catch(() => {})
    if (this.#temporary) await this.#db.exec('discard temp').catch(() => {})
    this.#advisory = this.#temporary = false
  }

  async #reset() {
    await this.#db.exec('set session authorization postgres; reset role; reset all; ' + BASE_SETTINGS)
  }

  async #set(name, value) {
    await this.query('select set_config($1,$2,false)', [name, value]).catch(() => {})
  }

  async #remember() {
    this.#settings = await this.query("select name, setting from pg_settings where source='session'")
    const [role] = await this.query("select current_setting('role') role, session_user session")
    this.#role = role
    this.#changed = false
  }

  #shape() {
    return JSON.stringify([this.#settings, this.#role])
  }
}

const NO_COPY = errorResponse('0A000', 'COPY FROM STDIN is not available on the embedded database')

/** Debug notices, and PGlite's own warning whenever a transaction ends by an error. */
function isChatter(bytes) {
  return typeOf(bytes) === 'N' && (bytes.includes('SDEBUG') || bytes.includes('RRecordTransactionAbort\0'))
}
