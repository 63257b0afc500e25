/** How the client speaks HTTP: fetch, tokens, errors as exceptions, and patience where it is asked for. */

export interface ErrorDetails {
  field: string;
  message: string;
}

/** An answer with a status of 400 or above; `code` is what to decide on, `requestId` what to report. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: ErrorDetails[],
    readonly requestId: string,
    readonly retryAfterS: number | undefined,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Options {
  /** What the stack exports, such as `https://example.execute-api.us-east-1.amazonaws.com/api/v1`. */
  apiUrl: string;
  /** The token of a login, or a function that gives one; needed by most operations. */
  accessToken?: string | (() => string | Promise<string>);
  /** Key of a third party, where the stack wants one. */
  apiKey?: string;
  /** Longest wait for one answer, in milliseconds; the API itself answers within 29 s. */
  timeoutMs?: number;
  /** How long to wait altogether for an API that asks to come back later, in milliseconds. */
  patienceMs?: number;
  /** Another fetch, for tests. */
  fetch?: typeof fetch;
}

export interface Call {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  header?: Record<string, string | undefined>;
  signed?: boolean;
  /** The API does it once however often it is sent, by a key that is made where none is given. */
  once?: boolean;
}

/** One stack's API. */
export class Transport {
  private readonly options: Options;

  constructor(options: Options) {
    this.options = { ...options, apiUrl: options.apiUrl.replace(/\/+$/, "") };
  }

  /** One call; the answer's JSON, or undefined where it has no body. Throws ApiError where the API said no. */
  protected async ask<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    const text = query.toString();
    const target = this.options.apiUrl + path + (text ? `?${text}` : "");
    const until = Date.now() + (this.options.patienceMs ?? 10_000);
    const again = call.once === true || method === "GET";
    const key = call.once === true ? crypto.randomUUID() : undefined;
    for (;;) {
      let waitMs = 1000;
      try {
        const answer = await (this.options.fetch ?? fetch)(target, await this.request(method, call, key));
        // 304: the caller has the answer to what If-None-Match named.
        if (answer.ok || answer.status === 304) {
          const content = await answer.text();
          return (content ? JSON.parse(content) : undefined) as T;
        }
        throw await errorOf(answer);
      } catch (error) {
        // Asked too often: nothing was done. Out of order, under way or out of reach: what may be made again is.
        const told = error instanceof ApiError ? error : undefined;
        const later = told
          ? told.status === 429 || (again && (told.status === 503 || told.code === "key_in_use"))
          : again && error instanceof TypeError;
        waitMs = 1000 * (told?.retryAfterS ?? 1);
        if (!later || Date.now() + waitMs > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  private async request(method: string, call: Call, key?: string): Promise<RequestInit> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    for (const [name, value] of Object.entries(call.header ?? {})) {
      if (value !== undefined) headers[name] = value;
    }
    const init: RequestInit = { method, headers, signal: AbortSignal.timeout(this.options.timeoutMs ?? 30_000) };
    if (call.body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(call.body);
    }
    const token = this.options.accessToken;
    if (call.signed !== false && token) {
      headers["Authorization"] = `Bearer ${typeof token === "string" ? token : await token()}`;
    }
    if (this.options.apiKey) headers["x-api-key"] = this.options.apiKey;
    return init;
  }
}

async function errorOf(answer: Response): Promise<ApiError> {
  const after = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterS = Number.isFinite(after) ? after : undefined;
  const text = await answer.text();
  try {
    const { code, message, details, requestId } = (
      JSON.parse(text) as { error: { code: string; message: string; details: ErrorDetails[]; requestId: string } }
    ).error;
    return new ApiError(answer.status, code, message, details, requestId, retryAfterS);
  } catch {
    return new ApiError(answer.status, "unknown", `an answer of another form: ${text.slice(0, 200)}`, [], "", retryAfterS);
  }
}
