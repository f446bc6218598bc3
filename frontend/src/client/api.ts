import type { ErrorBody } from "../protocol";
import { apiUrl, type Query } from "./base";
import { ApiError } from "./errors";

export interface RequestOptions {
  query?: Query;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The REST side of the server. Every method throws `ApiError`; JSON goes in and comes out. */
export interface Api {
  get<T>(path: string, options?: RequestOptions): Promise<T>;
  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  put<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  patch<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  delete<T>(path: string, options?: RequestOptions): Promise<T>;
  text(path: string, options?: RequestOptions): Promise<string>;
  /** The answer itself, for those who need its headers. */
  response(path: string, options?: RequestOptions): Promise<Response>;
  bytes(path: string, options?: RequestOptions): Promise<ArrayBuffer>;
}

export function createApi(fetchLike: typeof fetch = (...args) => fetch(...args)): Api {
  const request = async (
    method: string,
    path: string,
    body: unknown,
    { query, headers, signal }: RequestOptions = {},
  ): Promise<Response> => {
    const init: RequestInit = {
      method,
      credentials: "same-origin",
      headers: {
        ...(method === "GET" ? {} : xsrfHeader()),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal !== undefined) init.signal = signal;
    const response = await answer(() => fetchLike(apiUrl(path, query), init));
    if (!response.ok) throw await errorOf(response);
    return response;
  };
  const json = async <T>(...args: Parameters<typeof request>): Promise<T> => {
    const text = await (await request(...args)).text();
    return (text === "" ? null : JSON.parse(text)) as T;
  };
  return {
    get: (path, options) => json("GET", path, undefined, options),
    post: (path, body, options) => json("POST", path, body ?? {}, options),
    put: (path, body, options) => json("PUT", path, body ?? {}, options),
    patch: (path, body, options) => json("PATCH", path, body ?? {}, options),
    delete: (path, options) => json("DELETE", path, undefined, options),
    response: (path, options) => request("GET", path, undefined, options),
    text: async (path, options) => (await request("GET", path, undefined, options)).text(),
    bytes: async (path, options) => (await request("GET", path, undefined, options)).arrayBuffer(),
  };
}

async function answer(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw new ApiError({ code: "offline", message: "The server does not answer.", details: {} });
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const body = readError(text) ?? {
    code: `http-${response.status}`,
    message: response.statusText || `The server answered ${response.status}.`,
    details: {},
  };
  return new ApiError(body, response.status);
}

function readError(text: string): ErrorBody | null {
  try {
    const { error } = JSON.parse(text) as { error?: Partial<ErrorBody> };
    if (typeof error?.message !== "string") return null;
    return { code: error.code ?? "", message: error.message, details: error.details ?? {} };
  } catch {
    return null;
  }
}

function xsrfHeader(): Record<string, string> {
  if (typeof document === "undefined") return {};
  const token = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  return token === undefined ? {} : { "X-XSRFToken": decodeURIComponent(token) };
}
