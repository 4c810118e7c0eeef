import type { Manifest } from '../../manifest/manifest.ts';
import type { SinkTarget } from '../../manifest/notify.ts';
import { nameOfSink } from '../../notify/send.ts';

/** One warning for each sink in another account than its environment's: there the role's own policy is not enough. */
export const notifyWarnings = ({ environments, byCodeDeploy }: Manifest): readonly string[] =>
  Object.entries({ ...environments, ...byCodeDeploy }).flatMap(([name, { account, notify = [] }]) =>
    notify.flatMap((sink) => {
      const owner = ownerOf(sink.to);
      return owner === undefined || account === undefined || owner === account
        ? []
        : [
            `${name}: ${nameOfSink(sink, notify)} is in another account: its ${sink.to.is === 'sns' ? 'topic policy has to allow sns:Publish' : 'bus policy has to allow events:PutEvents'} to the role of ${name}`,
          ];
    }),
  );

const ownerOf = (to: SinkTarget): string | undefined => {
  if (to.is === 'sns') return to.topic.split(':')[4];
  return to.is === 'event-bridge' && to.bus.startsWith('arn:') ? to.bus.split(':')[4] : undefined;
};
