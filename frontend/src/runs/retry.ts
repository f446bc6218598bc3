import type { Api } from "../client";

/** Runs again what did not succeed, or from a block on with all below; gives the new run's id. */
export async function retryRun(api: Api, run: string, from?: string): Promise<string> {
  const body = from === undefined ? {} : { from };
  const { id } = await api.post<{ id: string }>(`runs/${run}/retry`, body);
  return id;
}

export interface Retried {
  started: string[];
  refused: { run: string; reason: unknown }[];
}

/** Retries runs one after the other; one that is refused does not keep the others. */
export async function retryAll(api: Api, runs: readonly string[]): Promise<Retried> {
  const retried: Retried = { started: [], refused: [] };
  for (const run of runs) {
    try {
      retried.started.push(await retryRun(api, run));
    } catch (reason) {
      retried.refused.push({ run, reason });
    }
  }
  return retried;
}
