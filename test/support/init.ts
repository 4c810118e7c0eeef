import { example } from '../../src/init/examples.ts';
import { newManifest } from '../../src/init/new-manifest.ts';
import type { FlowName, Setup, WrittenFile } from '../../src/init/setup.ts';
import { filesOf } from '../../src/init/write.ts';

/** A repository for which nothing is usual. */
export const setupFor = (flow: FlowName, more: Partial<Setup> = {}): Setup => ({
  flow,
  model: 'fraud',
  account: { partition: 'aws', id: '111122223333', region: 'eu-west-1' },
  repository: { host: 'github.com', owner: 'acme', name: 'scoring', ids: { owner: '123456', repository: '789012' } },
  branches: { main: 'main', develop: 'develop', byDefault: flow === 'gitflow' ? 'develop' : 'main' },
  staging: { name: 'staging', endpoint: 'fraud-staging' },
  production: { name: 'production', endpoint: 'fraud' },
  source: { repository: 'OWNER/model-delivery', ref: 'v1' },
  shared: {
    executionRole: 'fraud-serving',
    releases: { bucket: 'model-delivery-111122223333-eu-west-1', prefix: '' },
    artifacts: 'ml-training',
    repository: 'fraud-serving',
  },
  ...more,
});

/** Other names for everything that has a usual one. */
export const unusual = (flow: FlowName): Setup =>
  setupFor(flow, {
    model: '1fraud',
    branches: { main: 'trunk', develop: 'next', byDefault: 'next' },
    dev: { name: 'test', endpoint: 'fraud-test' },
    staging: { name: 'stage', endpoint: 'fraud-stage' },
    production: { name: 'live', endpoint: 'fraud' },
  });

export const writtenFor = (setup: Setup): readonly WrittenFile[] =>
  filesOf(setup, newManifest(setup, { executionRole: 'fraud-serving', instanceType: 'ml.m5.large' }), example);

export const contentAt = (files: readonly WrittenFile[], path: string): string =>
  files.find((file) => file.path === path)?.content ?? `${path} was not written`;
