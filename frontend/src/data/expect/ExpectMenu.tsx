import { ShieldCheck } from "lucide-react";
import { type ReactElement, use } from "react";
import type { Output } from "../../protocol";
import { ExpectContext, Menu, type MenuEntry } from "../../ui";
import type { ColumnProfile } from "../profile";
import { expectationsOf } from "./expectations";

/** The entries of a column's menu that write a check; none where nobody can write one. */
export function useExpectEntries(
  output: Output,
): (name: string, profile: ColumnProfile | undefined) => MenuEntry[] {
  const expect = use(ExpectContext);
  return (name, profile) =>
    expect === null
      ? []
      : expectationsOf(output, name, profile).map(({ label, detail, expectation, impossible }) => ({
          label: `Expect: ${label.toLowerCase()}`,
          icon: ShieldCheck,
          ...(detail === "" ? {} : { detail }),
          impossible,
          onSelect: () => expect(expectation, output.type_name),
        }));
}

interface Props {
  output: Output;
  name: string;
  profile?: ColumnProfile | undefined;
}

/** A button with what can be expected of a column. */
export function ExpectMenu({ output, name, profile }: Props): ReactElement | null {
  const entriesOf = useExpectEntries(output);
  const entries = entriesOf(name, profile);
  if (entries.length === 0) return null;
  return <Menu label={`Expect of ${name}`} icon={ShieldCheck} entries={entries} />;
}
