import {
  createContext,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useState,
} from "react";
import { useStore } from "zustand";
import { type Api, type Client, type ConnectionState, createApi } from "../client";
import type { AnyEvent } from "../protocol";
import { openSession, type Session } from "./session";
import type { SessionState } from "./state";

/** What every page needs of the server. */
export interface Server {
  client: Client;
  api: Api;
  /** Session of the project: its events tell that lists changed. */
  project: Session;
}

const ServerContext = createContext<Server | null>(null);
const SessionContext = createContext<Session | null>(null);

export function createServer(client: Client, api: Api = createApi()): Server {
  return { client, api, project: openSession(client, "") };
}

export function ServerProvider(props: { server: Server; children: ReactNode }): ReactElement {
  return <ServerContext value={props.server}>{props.children}</ServerContext>;
}

export function useServer(): Server {
  const server = useContext(ServerContext);
  if (server === null) throw new Error("There is no ServerProvider above.");
  return server;
}

export function useApi(): Api {
  return useServer().api;
}

export function useConnection<T>(select: (state: ConnectionState) => T): T {
  return useStore(useServer().client.connection, select);
}

/** Keeps a pipeline's session open while it is mounted. Give it `key={pipeline}`. */
export function SessionProvider(props: { pipeline: string; children: ReactNode }): ReactElement {
  const { client } = useServer();
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const opened = openSession(client, props.pipeline);
    setSession(opened);
    return () => opened.close();
  }, [client, props.pipeline]);
  return (
    <SessionContext value={session}>{session === null ? null : props.children}</SessionContext>
  );
}

/** The session that commands go to. */
export function useSessionHandle(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("There is no SessionProvider above.");
  return session;
}

/** A part of the session's state; renders again only when that part changes. */
export function useSession<T>(select: (state: SessionState) => T): T {
  return useStore(useSessionHandle().store, select);
}

/** Why the pipeline is closed, or null; while the whole server stops, it only waits. */
export function useEnd(): string | null {
  const ended = useSession((state) => (state.phase === "ended" ? state.endedBecause : null));
  const isServing = useStore(useServer().project.store, (state) => state.phase !== "ended");
  return isServing ? ended : null;
}

/** Calls `listener` with each event of the project: runs, pipelines, triggers. */
export function useProjectEvents(listener: (event: AnyEvent) => void): void {
  const { project } = useServer();
  useEffect(() => project.subscribe(listener), [project, listener]);
}

/**
 * Which snapshot of the project its events go on from; 0 while none come. What is fetched before
 * they come may miss one.
 */
export function useFollowing(): number {
  const isOnline = useConnection((state) => state.phase === "online");
  const snapshots = useStore(useServer().project.store, (state) => state.snapshots);
  return isOnline ? snapshots : 0;
}
