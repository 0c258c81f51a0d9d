// PostgreSQL's frontend/backend protocol 3.0: the messages that the front reads and makes.

/** Message types, as the client and the server tag them. */
export const FROM_CLIENT = {
  bind: 'B', close: 'C', describe: 'D', execute: 'E', flush: 'H', parse: 'P', query: 'Q', sync: 'S',
  functionCall: 'F', terminate: 'X'
}

/** Codes that stand where a startup message has its protocol version. */
export const STARTUP = { cancel: 80877102, ssl: 80877103, gss: 80877104 }

export const cString = text => Buffer.from(text + '\0')

export function int32(number) {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(number)
  return bytes
}

/** A message: its type, its length and its parts. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

export function errorResponse(sqlstate, text, severity = 'ERROR') {
  const fields = { S: severity, V: severity, C: sqlstate, M: text }
  const parts = Object.entries(fields).flatMap(([name, value]) => [Buffer.from(name), cString(value)])
  return message('E', ...parts, Buffer.from([0]))
}

export const readyForQuery = status => message('Z', Buffer.from(status))

export const commandComplete = tag => message('C', cString(tag))

export const typeOf = bytes => String.fromCharCode(bytes[0])

/** The first whole message of `bytes`, or undefined while more must come. */
export function firstMessage(bytes) {
  if (bytes.length < 5) return undefined
  const end = 1 + bytes.readInt32BE(1)
  return bytes.length < end ? undefined : bytes.subarray(0, end)
}

/** The messages of an answer. */
export function * messages(bytes) {
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    yield bytes.subarray(at, end)
    at = end
  }
}

/** A zero-terminated string at `at`, and where the next field begins. */
export function readString(bytes, at) {
  const end = bytes.indexOf(0, at)
  return [bytes.toString('utf8', at, end), end + 1]
}

/** The parameters of a startup message: user, database, options, ... */
export function startupParameters(body) {
  const words = body.toString().split('\0')
  const parameters = {}
  for (let i = 0; i + 1 < words.length && words[i]; i += 2) parameters[words[i]] = words[i + 1]
  return parameters
}
