/** Which table answers to commands: the one that last had the keyboard, else that of the data panel. */

interface Known {
  owner: object;
  isPanel: boolean;
}

let known: readonly Known[] = [];

/** Counts a table among those on the page until the answer is called. */
export function enter(owner: object, isPanel: boolean): () => void {
  known = isPanel ? [...known, { owner, isPanel }] : [{ owner, isPanel }, ...known];
  return () => {
    known = known.filter((one) => one.owner !== owner);
  };
}

/** The keyboard has come to a table. */
export function touch(owner: object): void {
  const found = known.find((one) => one.owner === owner);
  if (found !== undefined) known = [...known.filter((one) => one !== found), found];
}

/** Does this table answer to commands. */
export function isCurrent(owner: object): boolean {
  return known.at(-1)?.owner === owner;
}
