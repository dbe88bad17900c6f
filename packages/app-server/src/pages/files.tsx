// The file list and the way to add to it. Everything is a plain form; the script turns the upload
// into one with progress and drag and drop, and Copy as curl into a copy.
import { renderSection } from './document.js';
import { Confirm } from './confirm.js';
import { FileName, plainName } from './file-name.js';
import { formatSize } from '#browser/format-size.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { describeMediaType } from './media-type.js';
import type { FileRow, SignedInProps } from './props.js';
import { StorageUsed, type UsageProps } from './usage.js';
import { Cell, EmptyState, NextPage, Row, RowHead, Table } from './table.js';

export interface FilesProps extends SignedInProps {
  files: readonly FileRow[];
  /** What is stored, beside what may be; not shown without it. */
  storage?: UsageProps | undefined;
  /** Largest file the server takes, in bytes. */
  maxFileBytes: number;
  /** Address of the next, older files. */
  nextPage?: string | undefined;
}

export function renderFiles({
  files,
  storage,
  maxFileBytes,
  nextPage,
  ...page
}: FilesProps): string {
  return renderSection({
    ...page,
    section: '/files',
    heading: 'Files',
    children: (
      <>
        <Upload
          maxFileBytes={maxFileBytes}
          limited={storage !== undefined && storage.quota.bytes !== null}
        />
        <section id="files" aria-label="Your files">
          {storage && <StorageUsed {...storage} />}
          {files.length === 0 ? <NoFiles /> : <FileTable files={files} />}
          <NextPage href={nextPage} />
        </section>
      </>
    ),
  });
}

function Upload({ maxFileBytes, limited }: { maxFileBytes: number; limited: boolean }) {
  return (
    <section class="upload" aria-label="Upload">
      <form
        id="upload"
        method="post"
        action="/files"
        encType="multipart/form-data"
        data-max-bytes={maxFileBytes}
        data-max-size={formatSize(maxFileBytes)}
        data-quota={limited ? '' : undefined}
      >
        <Icon name="upload" />
        <div class="upload-words">
          <label for="file">Choose files to upload</label>
          <p class="hint" id="upload-hint">
            <span class="scripted-only">or drop them anywhere on this page. </span>
            Up to {formatSize(maxFileBytes)} each.
          </p>
        </div>
        <input id="file" type="file" name="file" multiple required aria-describedby="upload-hint" />
        <button class="button primary">Upload</button>
      </form>
      <ul id="uploads" aria-label="Uploads"></ul>
    </section>
  );
}

function NoFiles() {
  return (
    <EmptyState heading="No files yet">
      <p>
        Upload one above. Then each press on Download, and each command you copy, makes a link that
        gives out exactly one copy of it.
      </p>
    </EmptyState>
  );
}

function FileTable({ files }: { files: readonly FileRow[] }) {
  return (
    <>
      <p class="hint">
        Every download link works once, within two minutes. For another copy, press the button
        again.
      </p>
      <Table caption="Your files" columns={['Name', 'Type', 'Size', 'Added', '']}>
        {files.map((file) => (
          <FileTableRow key={file.id} file={file} />
        ))}
      </Table>
    </>
  );
}

function FileTableRow({ file }: { file: FileRow }) {
  const path = `/files/${encodeURIComponent(file.id)}`;
  const name = plainName(file.name);
  return (
    <Row id={file.id}>
      <RowHead>
        <FileName name={file.name} />
        <details class="checksum">
          <summary>SHA-256</summary>
          <code>{file.sha256}</code>
        </details>
      </RowHead>
      <Cell>
        <span title={file.type}>{describeMediaType(file.type)}</span>
      </Cell>
      <Cell kind="number">{formatSize(file.sizeBytes)}</Cell>
      <Cell kind="time">
        <Time at={file.createdAt} />
      </Cell>
      <Cell kind="actions">
        <form method="post" action={`${path}/download`} data-download="">
          <button class="button tonal">
            <Icon name="download" />
            Download<span class="visually-hidden"> {name}</span>
          </button>
        </form>
        <a class="button" href={`/links/new?file=${encodeURIComponent(file.id)}`}>
          <Icon name="mail" />
          Send<span class="visually-hidden"> a link to {name}</span>
        </a>
        <form method="post" action={`${path}/curl`} data-copy={file.id}>
          <button class="button">
            <Icon name="terminal" />
            Copy as curl<span class="visually-hidden">: {name}</span>
          </button>
        </form>
        <Confirm
          action={`${path}/delete`}
          icon="trash"
          label="Delete"
          subject={name}
          confirmLabel="Delete for good"
        >
          Delete <FileName name={file.name} /> for good? Links to it that are still unused stop
          working at once.
        </Confirm>
        <p class="row-note" role="status"></p>
      </Cell>
    </Row>
  );
}
