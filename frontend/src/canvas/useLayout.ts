import { useEffect, useRef, useState } from "react";
import type { Graph, Places } from "./layout";
import type { Answer, Question } from "./layout.worker";

function start(): Worker {
  return new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
}

/** Places of the nodes, computed in a worker; the last ones stay until new ones have come. */
export function useLayout(graph: Graph): Places | null {
  const [places, setPlaces] = useState<Places | null>(null);
  const worker = useRef<Worker | null>(null);
  const asked = useRef(0);

  useEffect(() => {
    worker.current = start();
    worker.current.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.id === asked.current) setPlaces(data.places);
    };
    return () => worker.current?.terminate();
  }, []);

  useEffect(() => {
    asked.current += 1;
    const question: Question = { id: asked.current, graph };
    worker.current?.postMessage(question);
  }, [graph]);

  return places;
}
