import type { ReactElement } from "react";
import { Dialog } from "./dialog";
import { Kbd } from "./marks";
import { SHORTCUTS, type Shortcut } from "./shortcuts";

const SECTIONS: readonly Shortcut["section"][] = [
  "Run",
  "Blocks",
  "Edit",
  "Go",
  "Data",
  "Canvas",
  "App",
];

/** All shortcuts, from the same table that the keys come from. */
export function ShortcutHelp(props: { onClose(): void }): ReactElement {
  return (
    <Dialog title="Keyboard shortcuts" wide readOnly onClose={props.onClose}>
      <div className="help-columns">
        {SECTIONS.map((section) => (
          <section key={section} className="help-section">
            <h3>{section}</h3>
            {Object.entries(SHORTCUTS)
              .filter(([, shortcut]) => shortcut.section === section && shortcut.keys.length > 0)
              .map(([id, shortcut]) => (
                <div key={id} className="help-row">
                  <span>{shortcut.title}</span>
                  <span>
                    <span className="visually-hidden">{shortcut.keys.join(" or ")}</span>
                    {shortcut.keys.map((keys) => (
                      <Kbd key={keys} keys={keys} />
                    ))}
                  </span>
                </div>
              ))}
          </section>
        ))}
      </div>
    </Dialog>
  );
}
