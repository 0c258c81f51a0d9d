// PostgreSQL's wire protocol in front of TimescaleDB in WebAssembly (PGlite):
//   node front.mjs [--template FILE] [--license apache] [--wait-ms 15000]
// Listens on 127.0.0.1 and says "READY <port>"; SIGTERM ends it.
// One backend serves all connections: see queue.mjs for whose turn it is and session.mjs for how
// each finds its settings again. Any password is right, and there is no TLS.
import net from 'node:net'
import { parseArgs } from 'node:util'
import { boot, end } from './backend.mjs'
import {
  FROM_CLIENT, STARTUP, cString, errorResponse, firstMessage, int32, message, readyForQuery, startupParameters, typeOf
} from './protocol.mjs'
import { Queue } from './queue.mjs'
import { Session } from './session.mjs'

const { values: options } = parseArgs({
  options: {
    template: { type: 'string' },
    license: { type: 'string', default: 'timescale' },
    'wait-ms': { type: 'string', default: '15000' }
  }
})
const db = await boot({ template: options.template, community: options.license !== 'apache' })
const queue = new Queue(Number(options['wait-ms']))
const sessions = new Map()
// The one backend's: a client that is told another concludes that a pooler is in between.
const [{ pid }] = (await db.query('select pg_backend_pid() as pid')).rows

// What PostgreSQL reports to a client at the start of a session.
const REPORTED = [
  'server_version', 'server_encoding', 'client_encoding', 'application_name', 'is_superuser', 'session_authorization',
  'DateStyle', 'IntervalStyle', 'TimeZone', 'integer_datetimes', 'standard_conforming_strings', 'in_hot_standby',
  'default_transaction_read_only', 'scram_iterations'
]
// These end what a client sends in one go and then waits for.
const ENDS_UNIT = [FROM_CLIENT.query, FROM_CLIENT.sync, FROM_CLIENT.functionCall, FROM_CLIENT.flush]

let lastId = 0
let lastKey = Math.trunc(Math.random() * 2 ** 30)

class Connection {
  #socket
  #session = null
  #unread = Buffer.alloc(0)
  #unit = []
  #key = ++lastKey

  constructor(socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#closed())
    socket.on('data', bytes => this.#read(bytes))
  }

  #read(bytes) {
    this.#unread = this.#unread.length ? Buffer.concat([this.#unread, bytes]) : bytes
    while (this.#session ? this.#readMessage() : this.#readStartup());
  }

  #readStartup() {
    if (this.#unread.length < 8) return false
    const length = this.#unread.readInt32BE(0)
    if (this.#unread.length < length) return false
    const code = this.#unread.readInt32BE(4)
    const body = Buffer.from(this.#unread.subarray(8, length))
    this.#unread = this.#unread.subarray(length)
    if (code === STARTUP.ssl || code === STARTUP.gss) {
      this.#socket.write('N')
    } else if (code === STARTUP.cancel) {
      const victim = sessions.get(body.readInt32BE(4))
      // A statement that runs cannot be cancelled: nothing else runs meanwhile.
      if (victim) queue.cancel(victim)
      this.#socket.end()
      return false
    } else {
      this.#start(startupParameters(body))
    }
    return true
  }

  #start(parameters) {
    const session = new Session(++lastId, parameters.user ?? 'postgres', this.#socket, db, options.license)
    this.#session = session
    sessions.set(this.#key, session)
    queue.submit(session, async () => {
      if (!await session.begin(parameters)) {
        const text = `role "${session.user}" does not exist or may not log in`
        this.#socket.end(errorResponse('28000', text, 'FATAL'))
        return
      }
      const answer = [message('R', int32(0))]
      for (const name of REPORTED) {
        const [{ value }] = await session.query('select current_setting($1,true) as value', [name])
        if (value !== null) answer.push(message('S', cString(name), cString(value)))
      }
      answer.push(message('K', int32(pid), int32(this.#key)), readyForQuery('I'))
      this.#socket.write(Buffer.concat(answer))
    })
  }

  #readMessage() {
    const bytes = firstMessage(this.#unread)
    if (!bytes) return false
    this.#unread = this.#unread.subarray(bytes.length)
    if (typeOf(bytes) === FROM_CLIENT.terminate) {
      this.#socket.end()
      return false
    }
    this.#unit.push(Buffer.from(bytes))
    if (ENDS_UNIT.includes(typeOf(bytes))) {
      const unit = this.#unit
      this.#unit = []
      queue.submit(this.#session, () => this.#answer(unit))
    }
    return true
  }

  async #answer(unit) {
    const answer = []
    for (const bytes of unit) {
      const part = await this.#session.run(bytes)
      answer.push(part)
      const refusedHere = typeOf(bytes) === FROM_CLIENT.parse && part.length > 0 && typeOf(part) === 'E'
      if (refusedHere) {
        // After an error a server skips everything up to Sync.
        const sync = unit.find(later => typeOf(later) === FROM_CLIENT.sync)
        if (sync) answer.push(await this.#session.run(sync))
        break
      }
    }
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(answer))
  }

  #closed() {
    if (!this.#session) return
    sessions.delete(this.#key)
    queue.close(this.#session)
  }
}

const server = net.createServer(socket => new Connection(socket))
server.listen(0, '127.0.0.1', () => console.log('READY', server.address().port))
process.on('SIGTERM', () => {
  queue.stop()
  end()
})
