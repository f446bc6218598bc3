import type { Api } from "../client";

/** Runs again what did not succeed, or from a block on with all below; gives the new run's id. */
export async function retryRun(api: Api, run: string, from?: string): Promise<string> {
  const body = from === undefined ? {} : { from };
  const { id } = await api.post<{ id: string }>(`runs/${run}/retry`, body);
  return id;
}

export interface Done {
  done: number;
  /** Why the others were refused. */
  refused: unknown[];
}

/** Most that are asked for at once: cancelling waits for blocks to end. */
const AT_ONCE = 6;

/** Does something to each, some at once, in their order; one that is refused keeps no other. */
export async function forAll<T>(
  all: readonly T[],
  act: (one: T) => Promise<unknown>,
): Promise<Done> {
  const waiting = [...all];
  const refused: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      await act(one).catch((reason: unknown) => refused.push(reason));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done: all.length - refused.length, refused };
}
