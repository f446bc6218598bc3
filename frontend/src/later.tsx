import { type ComponentType, type ReactElement, useEffect, useState } from "react";

/**
 * A page whose code is fetched when it is first shown; until then `Waiting` stands there.
 *
 * Not `lazy`: React keeps what it has shown in place of a lazy component for 300 ms, and the code
 * is there after a tenth of that.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Waiting: ComponentType,
): ComponentType<Props> {
  let known: ComponentType<Props> | null = null;
  return function Later(props: Props): ReactElement {
    const [Found, setFound] = useState<ComponentType<Props> | null>(() => known);
    const [problem, setProblem] = useState<unknown>(null);
    useEffect(() => {
      if (Found !== null) return;
      load().then((found) => {
        known = found;
        setFound(() => found);
      }, setProblem);
    }, [Found]);
    if (problem !== null) throw problem;
    return Found === null ? <Waiting /> : <Found {...props} />;
  };
}
