import { useCallback, useMemo, useState } from "react";
import type { Lineage } from "../../protocol";
import { useResource, useSession, useSessionHandle } from "../../session";
import type { LineageOf } from "../../ui";
import { useEditor } from "../page/context";
import { openDialog } from "../page/operations";
import { keyOf } from "./ask";
import { Traces } from "./trace";

const NOTHING: Lineage = { pipeline: "", blocks: [] };

/** The ways of all columns; asked for when `wanted`, and again when what they depend on changes. */
export function useTraces(wanted: boolean): Traces | null {
  const key = useSession(keyOf);
  const { pipeline } = useSessionHandle();
  const { data } = useResource<Lineage>(wanted ? `${pipeline}\n${key}` : "", (api, signal) =>
    wanted ? api.get(`pipelines/${pipeline}/lineage`, { signal }) : Promise.resolve(NOTHING),
  );
  return useMemo(() => (data === undefined ? null : new Traces(data)), [data]);
}

/** What those ask who show columns. */
export function useLineageOf(): LineageOf {
  const editor = useEditor();
  const [wanted, setWanted] = useState(false);
  const traces = useTraces(wanted);
  const open = useCallback(
    (block: string, column: string) => openDialog(editor, { kind: "lineage", block, column }),
    [editor],
  );
  return useMemo(
    () => ({
      words: (block, column) => traces?.words(block, column) ?? "",
      look: () => setWanted(true),
      open,
    }),
    [traces, open],
  );
}
