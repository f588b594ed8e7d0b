export interface FieldError {
  pointer: string
  code: string
  message: string
}

interface ProblemBody {
  title?: string
  detail?: string
  code?: string
  request_id?: string
  errors?: FieldError[]
  current?: unknown
}

/** The server refused: an RFC 9457 problem, or an answer of something between us and the server. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    /** Stable, for programs; empty where the answer was no problem document. */
    readonly code: string,
    /** One sentence for people; empty where the server gave none. */
    message: string,
    readonly requestId: string,
    readonly errors: readonly FieldError[],
    /** Seconds to wait, from `Retry-After`. */
    readonly retryAfter: number | undefined,
    /** With 412: the thing as it is now. */
    readonly current?: unknown,
  ) {
    super(message)
  }

  static of(body: unknown, response: Response): Problem {
    const given = (typeof body === 'object' && body !== null ? body : {}) as ProblemBody
    const wait = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
    return new Problem(
      response.status,
      given.code ?? '',
      given.detail ?? given.title ?? '',
      given.request_id ?? response.headers.get('X-Request-ID') ?? '',
      given.errors ?? [],
      Number.isNaN(wait) ? undefined : wait,
      given.current,
    )
  }

  /** What the server says of one field of the body, if anything. */
  at(field: string): string | undefined {
    return this.errors.find((error) => error.pointer === `/${field}`)?.message
  }
}

/** No answer came: offline, the server is down, or it took too long. Trying again may help. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** The session was ended on purpose while a request waited for it. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut'
}

/** Gateways without a server behind them, and a server without its database, are as good as no answer. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Problem && [502, 503, 504].includes(error.status))
}
