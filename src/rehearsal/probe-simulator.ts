import type { Settings, Simulator } from '../../simulator/contracts.ts';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { AwsConnection } from '../aws/connection.ts';
import { type CredentialSource, fixed } from '../aws/credentials.ts';
import { ask, type Probed } from '../probe/ask.ts';
import type { Question } from '../probe/question.ts';
import type { Given } from '../probe/world.ts';
import { anyCalls } from '../session/any-calls.ts';
import { version } from '../version.ts';
import { rehearsedTeam as team } from './manifest.ts';

/** The rehearsed team's own image and model, as a user has them at hand. */
export const simulatedGiven: Given = {
  role: `arn:aws:iam::${team.account}:role/model-serving`,
  image: team.image,
  modelData: `s3://${team.bucket}/probe/model.tar.gz`,
  bucket: team.bucket,
  pipelineRole: `arn:aws:iam::${team.account}:role/pipeline`,
  body: '5.1,3.5,1.4,0.2',
  contentType: 'text/csv',
  instance: 'ml.m5.large',
};

export interface SimulatedProbe {
  readonly questions: readonly Question[];
  readonly settings?: Partial<Settings>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Of the caller; default: the simulator's own keys. */
  readonly credentials?: (simulator: Simulator) => Promise<CredentialSource>;
  /** Called with what is left when the probe has ended. */
  readonly ended?: (simulator: Simulator) => Promise<void>;
}

/** The same questions to a simulator, in virtual time. */
export const probeSimulator = async (parts: SimulatedProbe): Promise<Probed> => {
  const { questions, settings = {}, signal, say, ended } = parts;
  const simulator = await startSimulator({ settings, region: team.region, accountId: team.account });
  try {
    simulator.images.tag(team.image, team.imageDigest);
    simulator.objects.put(team.bucket, 'probe/model.tar.gz', irisFixture('1.1.0').artifact);
    const credentials = (await parts.credentials?.(simulator)) ?? ownKeys(simulator);
    const connection: AwsConnection = { region: team.region, endpointUrl: simulator.url, version };
    const clock = simulator.driver;
    const probed = await ask({
      questions,
      given: simulatedGiven,
      clock,
      signal,
      ...anyCalls(connection, credentials, clock, signal),
      run: '5a5a5a5a',
      about: { by: 'simulator', suite: version, region: team.region },
      say,
    });
    await ended?.(simulator);
    return probed;
  } finally {
    await simulator.close();
  }
};

const ownKeys = (simulator: Simulator): CredentialSource => {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = simulator.environment();
  return fixed({ accessKeyId, secretAccessKey });
};
