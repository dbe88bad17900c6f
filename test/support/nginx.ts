// A real nginx of a test's own, on a free port, serving a directory as plain files: the peer whose HTTP
// we compare ours with. One process, nothing outside its temporary directory.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startChild } from './child.js';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

export interface TestNginx {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  stop(): Promise<void>;
}

/** Debian keeps it where only root's PATH looks. */
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter);

/** @param root absolute path of the directory to serve. */
export async function startNginx(root: string): Promise<TestNginx> {
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-nginx-'));
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  await mkdir(join(directory, 'temporary'));
  await writeFile(file, configuration(root, port));
  const child = startChild('nginx', ['-p', directory, '-c', file, '-e', 'stderr'], {
    env: { ...process.env, PATH },
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor('nginx answers', async () => {
      if (child.process.exitCode !== null) throw new Error(`nginx ended: ${child.output()}`);
      return await fetch(url).then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await child.end('SIGKILL');
    throw error;
  }
  return {
    url,
    stop: async () => {
      await child.end('SIGQUIT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** All defaults, but that If-Modified-Since is compared as RFC 9110 section 13.1.3 says: `before`. */
function configuration(root: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr error;
events { worker_connections 64; }
http {
  access_log off;
  default_type application/octet-stream;
  ${temporary.map((name) => `${name}_temp_path temporary/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root "${root}";
    if_modified_since before;
  }
}
`;
}
