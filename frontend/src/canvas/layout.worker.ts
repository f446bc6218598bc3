/** Lays out graphs beside the page: hundreds of nodes take seconds, and no frame may wait for it. */
import { type Graph, type Places, place } from "./layout";

export interface Question {
  id: number;
  graph: Graph;
}

export interface Answer {
  id: number;
  places: Places;
}

self.onmessage = ({ data }: MessageEvent<Question>) => {
  const answer: Answer = { id: data.id, places: place(data.graph) };
  self.postMessage(answer);
};
