import { describe, expect, it } from "vitest";
import { channelWords, serviceName } from "./words";

describe("a channel in words", () => {
  it.each([
    ["mailtos", "mail"],
    ["msteams", "Teams"],
    ["jsons", "webhook"],
    ["matrixs", "matrixs"],
    [`\${TEAM_URL}`, `URL in \${TEAM_URL}`],
  ])("calls the service %s %s", (scheme, name) => {
    expect(serviceName(scheme)).toBe(name);
  });

  it.each([
    [[], "Told of no pipeline"],
    [["a", "b"], "Told of a, b"],
    [["a", "b", "c", "d"], "Told of 4 pipelines"],
  ])("says of which pipelines it is told: %j", (pipelines, words) => {
    expect(channelWords({ pipelines })).toBe(words);
  });
});
