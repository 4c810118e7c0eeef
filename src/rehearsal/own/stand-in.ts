import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import type { Inference } from '../../../simulator/containers/model-server.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import type { Behaviour } from './behaviour.ts';

/** A `model.tar.gz` of the simulator's flower classifier, behind serving code that behaves so. No two versions have the same bytes. */
export const standIn = (version: string, behaviour: Behaviour): Buffer => {
  const files = readArchive(irisFixture('1.0.0').artifact);
  const usual = JSON.parse(files.get('inference.json')?.toString() ?? '{}') as Inference;
  const inference = { ...usual, ...behaviour };
  return writeArchive(
    new Map([...files, ['inference.json', Buffer.from(JSON.stringify(inference))], ['VERSION', Buffer.from(version)]]),
  );
};
