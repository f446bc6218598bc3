import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "../client";
import { memoryServer } from "../client/memory";
import type { AnyEvent } from "../protocol";
import { openSession } from "./session";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const ended = {
  op: "session-ended",
  pipeline: "p",
  cause: "",
  seq: 1,
  at: "2026-01-01T00:00:00Z",
  reason: "the server stops",
} as unknown as AnyEvent;

describe("a session", () => {
  it("that ended waits for the server to come back, and then asks for it anew", () => {
    const server = memoryServer({ manual: true });
    const session = openSession(createClient(server), "p");
    server.open();
    session.store.setState({ phase: "live", epoch: "e", title: "Kept" });
    server.send(ended);
    expect(session.store.getState()).toMatchObject({ phase: "ended", title: "Kept" });
    server.drop();
    expect(session.store.getState()).toMatchObject({ phase: "live", title: "Kept" });
    server.commands.length = 0;
    vi.advanceTimersByTime(300);
    server.open();
    expect(server.commands).toMatchObject([{ op: "open-session", pipeline: "p", epoch: "e" }]);
  });

  it("that is refused says why", () => {
    const server = memoryServer({ manual: true });
    const session = openSession(createClient(server), "p");
    server.open();
    const error = { code: "not-found", message: "There is no such pipeline.", details: {} };
    server.send({ op: "refused", req: server.commands[0]?.req ?? "", error });
    expect(session.store.getState()).toMatchObject({
      phase: "ended",
      endedBecause: "There is no such pipeline.",
    });
  });
});
