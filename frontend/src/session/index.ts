export {
  createServer,
  type Server,
  ServerProvider,
  SessionProvider,
  useApi,
  useConnection,
  useEnd,
  useFollowing,
  useServer,
  useSession,
  useSessionHandle,
} from "./react";
export { isOld, leavesGap, reduce } from "./reduce";
export { type Resource, useResource } from "./resource";
export {
  allBelow,
  blockNamed,
  checksOf,
  downstreamOf,
  draftDiffers,
  failedBlocks,
  isFresh,
  planOf,
  planWords,
  type Sign,
  shortName,
  signOf,
  staleBlocks,
  statusOf,
  withAncestors,
} from "./selectors";
export { openSession, type Session } from "./session";
export { initialState, LOG_TAIL_CHARACTERS, NEVER, type SessionState } from "./state";
