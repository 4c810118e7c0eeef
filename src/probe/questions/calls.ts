import { classify } from '../../aws/errors.ts';
import { question } from '../question.ts';

export const calls = [
  question({
    id: 'call-rate',
    asks: 'How many calls at once does the control plane of SageMaker answer before it throttles?',
    decides: ['controlPlaneRate'],
    source: 'sagemaker.md §9, §13.11',
    actions: ['sagemaker:ListEndpoints'],
    instances: 0,
    minutes: 5,
    async ask(world) {
      // One second apart from the calls before. A burst is small beside the account's own traffic, and is not repeated.
      await world.sleep(2000);
      const began = world.clock.now();
      const burst = await Promise.all(
        Array.from({ length: burstSize }, () =>
          world.attempt('sagemaker', 'ListEndpoints', { MaxResults: 1 }).then(
            () => false,
            (error: unknown) => {
              if (classify(error) === 'throttled') return true;
              throw error;
            },
          ),
        ),
      );
      const throttled = burst.filter((isThrottled) => isThrottled).length;
      return { sent: burstSize, throttled, milliseconds: world.clock.now() - began };
    },
    // A burst that took longer than a second has no rate of a second.
    read: ({ sent, throttled, milliseconds }) => ({
      controlPlaneRate: throttled === 0 ? 0 : milliseconds < 1000 ? sent - throttled : undefined,
    }),
  }),

  question({
    id: 'versioning',
    asks: 'Does the bucket answer PutObject with a VersionId?',
    decides: ['s3Versioning'],
    source: 'sagemaker.md §12',
    actions: ['s3:PutObject'],
    instances: 0,
    minutes: 5,
    async ask(world) {
      const { headers } = await world.s3('PutObject', { key: `${world.prefix}version`, body: 'probe' });
      return { versioned: headers['x-amz-version-id'] !== undefined };
    },
    read: ({ versioned }) => ({ s3Versioning: versioned }),
  }),
];

const burstSize = 20;
