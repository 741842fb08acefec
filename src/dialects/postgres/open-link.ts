/** From an endpoint to a session that has said its first words, within one hard deadline. */
import type { Socket } from 'node:net'
import type { Endpoint } from './endpoint.ts'
import { isServerError } from './errors.ts'
import { ConnectTimeout } from './failures.ts'
import { createLink, type Link, type LoginOptions, type ResultSet, type StartingLink } from './link.ts'
import { openSocket } from './socket.ts'

export interface LinkOptions extends LoginOptions {
  readonly signal?: AbortSignal
  /** The first query: the driver connects with it, so a session costs no query of its own. */
  readonly greeting: string
  /** What is asked instead where the server refuses to answer that. */
  readonly plainGreeting?: string
  /** A socket that is connected to the endpoint; without it one is opened. */
  readonly connected?: Socket | undefined
}

export interface Opened {
  readonly link: Link
  readonly greeting: ResultSet[]
}

/** What a try came to that did not end in a session. */
export interface LinkFailure {
  readonly error: unknown
  readonly encrypted: boolean
  /** The server had let us in. */
  readonly entered: boolean
  /** The session had begun. */
  readonly ready: boolean
}

export async function openLink(endpoint: Endpoint, options: LinkOptions): Promise<Opened> {
  const outcome = await tryLink(endpoint, options)
  if ('link' in outcome) return outcome
  throw outcome.error
}

/** One try with one way to encrypt. Never rejects. */
export async function tryLink(endpoint: Endpoint, options: LinkOptions): Promise<Opened | LinkFailure> {
  let started: Started
  try {
    started = await startLink(endpoint, options)
  } catch (error) {
    return { error, encrypted: false, entered: false, ready: false }
  }
  const { link } = started
  try {
    return { link, greeting: await started.greeting }
  } catch (error) {
    const { encryption, auth, readyAt } = link
    return { error, encrypted: encryption !== undefined, entered: auth.done, ready: readyAt !== undefined }
  }
}

export interface Started {
  readonly link: Link
  readonly greeting: Promise<ResultSet[]>
}

/** As soon as there is a connection; the login and the answer to the greeting are still to come. */
export async function startLink(endpoint: Endpoint, options: LinkOptions): Promise<Started> {
  const deadline = performance.now() + options.timeoutMs
  const link = await createLink(await openSocket(endpoint, options), endpoint, options)
  return { link, greeting: greetBefore(deadline, link, options) }
}

async function greetBefore(deadline: number, link: StartingLink, options: LinkOptions): Promise<ResultSet[]> {
  const timer = setTimeout(
    () => link.destroy(new ConnectTimeout(options.timeoutMs)),
    Math.max(1, deadline - performance.now()),
  )
  const onAbort = () => link.destroy('stopped')
  options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await greet(link, options)
  } catch (error) {
    link.destroy('could not start')
    throw error
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', onAbort)
  }
}

async function greet(link: StartingLink, { greeting, plainGreeting }: LinkOptions): Promise<ResultSet[]> {
  try {
    return await link.greet(greeting)
  } catch (error) {
    if (plainGreeting === undefined || link.readyAt === undefined || !isServerError(error)) throw error
    // If it was the end of the session, this fails as well, and what the server said first is the reason.
    return await link.greet(`rollback;\n${plainGreeting}`).catch(() => {
      throw error
    })
  }
}
