// Whose turn it is at the one backend: first come, first served, but a transaction keeps it to itself.
import { end } from './backend.mjs'
import { errorResponse, readyForQuery } from './protocol.mjs'

export class Queue {
  #waiting = []
  #owner = null
  #current = null
  #running = false
  #dead = false
  #waitMillis

  constructor(waitMillis) {
    this.#waitMillis = waitMillis
  }

  /** Adds work of a session. What never comes to its turn fails as a lock timeout would. */
  submit(session, work, { mayTimeOut = true } = {}) {
    const unit = { session, work }
    if (mayTimeOut) {
      unit.timer = setTimeout(
        () => this.#refuse(unit, '55P03',
          `embedded database: waited ${this.#waitMillis} ms for another connection's transaction`),
        this.#waitMillis)
    }
    this.#waiting.push(unit)
    this.#pump()
  }

  /** Answers what a session still waits for as a cancelled statement. */
  cancel(session) {
    for (const unit of this.#waiting.filter(unit => unit.session === session)) {
      this.#refuse(unit, '57014', 'canceling statement due to user request')
    }
  }

  /** Drops what a session still waits for, then rolls back and cleans up after it. */
  close(session) {
    session.closed = true
    for (const unit of this.#waiting.filter(unit => unit.session === session)) this.#remove(unit)
    this.submit(session, null, { mayTimeOut: false })
  }

  stop() {
    this.#dead = true
  }

  async #pump() {
    if (this.#running) return
    this.#running = true
    try {
      for (;;) {
        const unit = this.#owner
          ? this.#waiting.find(waiting => waiting.session === this.#owner)
          : this.#waiting[0]
        if (!unit || this.#dead) break
        this.#remove(unit)
        try {
          await this.#run(unit)
        } catch (trap) {
          this.#crash(trap, unit)
        }
        // Let sockets be read between statements.
        await new Promise(resolve => setImmediate(resolve))
      }
    } finally {
      this.#running = false
    }
  }

  async #run({ session, work }) {
    if (!work) {
      await this.#bury(session)
      return
    }
    if (this.#current !== session) {
      const previous = this.#current
      this.#current = session
      await session.enter(previous)
    }
    await work()
    this.#owner = session.status === 'I' ? null : session
  }

  async #bury(session) {
    if (this.#owner === session) {
      await session.rollback()
      this.#owner = null
    }
    if (this.#current !== session && session.hasLeftovers()) {
      const previous = this.#current
      this.#current = session
      await session.enter(previous)
    }
    if (this.#current === session) {
      await session.leave()
      this.#current = null
    }
  }

  #refuse(unit, sqlstate, text) {
    if (!this.#waiting.includes(unit)) return
    this.#remove(unit)
    unit.session.socket.write(Buffer.concat([errorResponse(sqlstate, text), readyForQuery(unit.session.status)]))
  }

  #remove(unit) {
    this.#waiting = this.#waiting.filter(waiting => waiting !== unit)
    clearTimeout(unit.timer)
  }

  // A WASM trap: the backend is gone, as after a PANIC.
  #crash(trap, unit) {
    this.#dead = true
    console.error('the embedded database crashed:', trap?.stack ?? trap)
    const text = 'embedded database crashed: ' + trap?.message
    for (const session of new Set([unit, ...this.#waiting].map(waiting => waiting.session))) {
      session.socket.end(errorResponse('57P02', text, 'FATAL'))
    }
    setTimeout(end, 200)
  }
}
