import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnyEvent } from "../protocol";
import { createClient } from "./client";
import { memoryServer } from "./memory";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function connected(): {
  server: ReturnType<typeof memoryServer>;
  client: ReturnType<typeof createClient>;
} {
  const server = memoryServer({ manual: true });
  const client = createClient(server);
  server.open();
  return { server, client };
}

const undo = { op: "undo", pipeline: "p" } as const;

describe("a client", () => {
  it("gives a command its own number and resolves with the result of the reply to it", async () => {
    const { server, client } = connected();
    const result = client.request(undo);
    const req = server.commands[0]?.req ?? "";
    server.send({ op: "accepted", req: "of another", result: 1 });
    server.send({ op: "accepted", req, result: 2 });
    await expect(result).resolves.toBe(2);
    expect(client.connection.getState().unsent).toBe(0);
  });

  it("rejects with the server's words when a command is refused", async () => {
    const { server, client } = connected();
    const result = client.request(undo);
    const error = { code: "conflict", message: "Changed meanwhile.", details: { hash: "h" } };
    server.send({ op: "refused", req: server.commands[0]?.req ?? "", error });
    await expect(result).rejects.toMatchObject(error);
  });

  it("tells a listener when its pipeline cannot be opened", () => {
    const { server, client } = connected();
    const refused = vi.fn();
    client.listen("gone", {
      received: () => {},
      position: () => ({ after: null, epoch: "" }),
      refused,
    });
    const error = { code: "not-found", message: "There is no such pipeline.", details: {} };
    server.send({ op: "refused", req: server.commands[0]?.req ?? "", error });
    expect(refused).toHaveBeenCalledExactlyOnceWith(expect.objectContaining(error));
  });

  it("keeps commands given while offline and sends them after the session is open again", () => {
    const { server, client } = connected();
    client.listen("p", { received: () => {}, position: () => ({ after: 7, epoch: "e" }) });
    server.drop();
    void client.request(undo);
    expect(client.connection.getState()).toMatchObject({ phase: "offline", unsent: 1 });
    server.commands.length = 0;
    vi.advanceTimersByTime(300);
    server.open();
    expect(server.commands).toMatchObject([
      { op: "open-session", pipeline: "p", after: 7, epoch: "e" },
      { op: "undo" },
    ]);
  });

  it("says a save again when the line broke before the answer, but never an undo", async () => {
    const { server, client } = connected();
    const lost = client.request(undo);
    const save = { op: "save-source", pipeline: "p", block: "a", text: "x", base: "h" } as const;
    void client.request(save);
    server.commands.length = 0;
    server.drop();
    await expect(lost).rejects.toMatchObject({ code: "connection-lost" });
    vi.advanceTimersByTime(300);
    server.open();
    expect(server.commands).toMatchObject([{ op: "save-source" }]);
  });

  it("hands the events of one frame together to those who listen to that pipeline only", () => {
    const { server, client } = connected();
    const received = vi.fn<(events: AnyEvent[]) => void>();
    client.listen("p", { received, position: () => ({ after: null, epoch: "" }) });
    const event = (pipeline: string, seq: number): AnyEvent => ({
      op: "worker-changed",
      pipeline,
      seq,
      cause: "",
      state: "ready",
      rss_bytes: null,
    });
    server.send(event("p", 1), event("q", 1), event("p", 2));
    expect(received.mock.calls).toEqual([[[event("p", 1), event("p", 2)]]]);
  });

  it("waits longer after each failed attempt, and not at all when told so", () => {
    const { server, client } = connected();
    server.drop();
    vi.advanceTimersByTime(250);
    server.drop();
    vi.advanceTimersByTime(400);
    expect(client.connection.getState()).toMatchObject({ phase: "offline", failures: 2 });
    client.retryNow();
    server.open();
    expect(client.connection.getState()).toMatchObject({ phase: "online", failures: 0 });
  });
});
