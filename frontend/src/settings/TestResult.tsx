import type { ReactElement } from "react";
import type { ConnectionTested } from "../protocol";
import { StateWords } from "../ui";
import { testedWords } from "./useTest";

/** What came of opening a connection: who answered, or what was tried and what to do. */
export function TestResult({ came }: { came: ConnectionTested }): ReactElement {
  if (came.error === null) return <StateWords sign="ok">{testedWords(came)}</StateWords>;
  return (
    <>
      <StateWords sign="failed">{came.error}</StateWords>
      {came.hint === "" ? null : <div className="connection-hint">{came.hint}</div>}
    </>
  );
}
