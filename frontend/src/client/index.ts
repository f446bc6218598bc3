export { type Api, createApi, type RequestOptions } from "./api";
export { apiUrl, base, type Query } from "./base";
export {
  type Client,
  type ConnectionState,
  createClient,
  type Listener,
  type Position,
} from "./client";
export { ApiError, messageOf } from "./errors";
export { type MemoryServer, memoryServer } from "./memory";
export {
  type Connection,
  eventsUrl,
  type Line,
  type Transport,
  websocketTransport,
} from "./transport";
