import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import { runStep } from '../support/run-action.ts';

/** The bundles have no undici, which Octokit's own way through a proxy needs: the requests take the way of AWS's. */
test('a bundle reaches a GitHub Enterprise Server through the proxy of the job', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const reached: (string | undefined)[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url }, socket) => {
    reached.push(url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  try {
    const payload = { repository: { full_name: 'octo/churn' }, pull_request: { number: 7, head: { sha: 'c0ffee' } } };
    const step = await runStep(
      'actions/approve-gate/dist/index.cjs',
      {
        manifest: file('delivery.yml', manifestText()),
        environment: 'production',
        version: '1.0.0',
        publish: 'comment',
        'github-token': 'ghs_0123456789abcdefghijABCDEFGHIJ0123456789',
      },
      {
        env: {
          GITHUB_API_URL: 'https://ghe.acme.example/api/v3',
          GITHUB_EVENT_NAME: 'pull_request_target',
          GITHUB_EVENT_PATH: file('event.json', JSON.stringify(payload)),
          HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
          AWS_EC2_METADATA_DISABLED: 'true',
        },
      },
    );
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'credentials-unavailable' });
    expect(reached.filter((host) => host === 'ghe.acme.example:443')).not.toHaveLength(0);
    expect(step.log).toMatch(
      /^::warning::comment not published: GitHub could not read the comments of pull request 7/m,
    );
  } finally {
    proxy.closeAllConnections();
    await new Promise<void>((closed) => void proxy.close(() => closed()));
    rmSync(folder, { recursive: true });
  }
});
