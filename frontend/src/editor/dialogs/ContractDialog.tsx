import { type ReactElement, useEffect, useState } from "react";
import { messageOf } from "../../client";
import type { BlockTable, Contract } from "../../protocol";
import { statusOf, useSession } from "../../session";
import { Button, Dialog, Select, Switch, toast } from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog, undo } from "../page/operations";
import { type ContractRow, contractOf, newestColumns, rowsOf } from "./contract";

interface Props {
  block: BlockTable;
  onClose(): void;
}

/** What the output of a block has to be like: frozen as it is now, or written by hand. */
export function ContractDialog({ block, onClose }: Props): ReactElement {
  const editor = useEditor();
  const { name } = block;
  const status = useSession((state) => statusOf(state, name));
  const { proposed, problem } = useProposal(name);
  const [edited, setEdited] = useState<ContractRow[] | null>(null);
  const [extra, setExtra] = useState(block.contract?.extra_columns ?? false);
  const rows = edited ?? rowsOf(block.contract, proposed, newestColumns(status));
  const contract = contractOf(rows, extra);
  const isEmpty = Object.keys(contract.columns).length === 0;
  const change = (at: number, part: Partial<ContractRow>): void =>
    setEdited(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));

  const save = async (wanted: Contract | null): Promise<void> => {
    const answer = await editor.send({ op: "set-contract", block: name, contract: wanted });
    if (answer === null) return;
    closeDialog(editor);
    toast(wanted === null ? `${name} has no contract now.` : `The schema of ${name} is frozen.`, {
      action: { label: "Undo", run: () => void undo(editor) },
    });
  };
  return (
    <Dialog
      title={block.contract === null ? `Freeze the schema of ${name}` : `Contract of ${name}`}
      wide
      onClose={onClose}
      onSubmit={() => {
        if (!isEmpty) void save(contract);
      }}
      footer={
        <>
          {block.contract !== null && (
            <Button look="danger" onClick={() => void save(null)}>
              Remove the contract
            </Button>
          )}
          <span className="contract-space" />
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={isEmpty}>
            {block.contract === null ? "Freeze schema" : "Save"}
          </Button>
        </>
      }
    >
      {problem !== null && rows.length === 0 ? (
        <p role="alert">{problem}</p>
      ) : (
        <>
          <ContractTable rows={rows} onChange={change} />
          <div className="contract-extra">
            <Switch label="Other columns are allowed" checked={extra} onChange={setExtra} />
            <span>Other columns are allowed beside these</span>
          </div>
          <p className="muted dialog-note">
            A run whose output is not like this fails here, and code below that names another column
            is marked while you type.
          </p>
        </>
      )}
    </Dialog>
  );
}

function ContractTable(props: {
  rows: readonly ContractRow[];
  onChange(at: number, part: Partial<ContractRow>): void;
}): ReactElement {
  return (
    <div className="contract-scroll">
      <table className="contract-table">
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col">Not null</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, at) => (
            <tr key={row.name} data-left={!row.declared || undefined}>
              <th scope="row">
                <label>
                  <input
                    type="checkbox"
                    className="checkbox"
                    {...(at === 0 && { "data-autofocus": true })}
                    checked={row.declared}
                    onChange={(event) => props.onChange(at, { declared: event.target.checked })}
                  />
                  <code>{row.name}</code>
                </label>
              </th>
              <td>
                <Select
                  aria-label={`Type of ${row.name}`}
                  value={row.type}
                  disabled={!row.declared}
                  onChange={(event) => props.onChange(at, { type: event.target.value })}
                >
                  {row.types.map((type) => (
                    <option key={type}>{type}</option>
                  ))}
                </Select>
              </td>
              <td>
                <input
                  type="checkbox"
                  className="checkbox"
                  aria-label={`${row.name} is not null`}
                  disabled={!row.declared}
                  checked={row.notNull}
                  onChange={(event) => props.onChange(at, { notNull: event.target.checked })}
                />
              </td>
              <td className="muted">{row.now === "" ? "not in the output" : row.now}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Asks for the contract that the newest output fulfils. */
function useProposal(block: string): { proposed: Contract | null; problem: string | null } {
  const { session } = useEditor();
  const [answer, setAnswer] = useState<{ proposed: Contract | null; problem: string | null }>({
    proposed: null,
    problem: null,
  });
  useEffect(() => {
    let isCurrent = true;
    const ask = async (): Promise<void> => {
      try {
        const proposed = await session.send<Contract>({ op: "propose-contract", block });
        if (isCurrent) setAnswer({ proposed, problem: null });
      } catch (error: unknown) {
        if (isCurrent) setAnswer({ proposed: null, problem: messageOf(error) });
      }
    };
    void ask();
    return () => {
      isCurrent = false;
    };
  }, [session, block]);
  return answer;
}

export default ContractDialog;
