import type { Handler, Kernel } from '../../contracts.ts';
import { platformIn, refuseUnserved } from './checks.ts';
import { type Application, noApplication, type Revision, refuse } from './model.ts';
import { applicationView } from './views.ts';

export interface Applications {
  readonly operations: Readonly<Record<string, Handler>>;
  find(name: string): Application;
  all(): Iterable<Application>;
}

/** Applications, and the contents that came with their deployments. */
export const createApplications = (kernel: Kernel, nextId: () => string): Applications => {
  const now = (): number => kernel.clock.now();
  const applications = new Map<string, Application>();
  const applicationOf = (name: string): Application => {
    const found = applications.get(name);
    if (found === undefined) throw noApplication(name);
    return found;
  };

  return {
    find: applicationOf,
    all: () => applications.values(),
    operations: {
      CreateApplication: (input: { readonly applicationName: string; readonly computePlatform?: string }) => {
        refuseUnserved(input, ['applicationName', 'computePlatform']);
        const platform = platformIn(input.computePlatform);
        if (applications.has(input.applicationName))
          throw refuse(
            'ApplicationAlreadyExistsException',
            `An application already exists with the specified name: ${input.applicationName}`,
          );
        const application: Application = {
          platform,
          id: nextId(),
          name: input.applicationName,
          createdAt: now(),
          groups: new Map(),
          revisions: new Map(),
        };
        applications.set(application.name, application);
        return { applicationId: application.id };
      },
      GetApplication: ({ applicationName }: { readonly applicationName: string }) => ({
        application: applicationView(applicationOf(applicationName)),
      }),
      GetApplicationRevision: (input: { readonly applicationName: string; readonly revision: Revision }) => {
        const application = applicationOf(input.applicationName);
        const { revisionType = 'AppSpecContent', appSpecContent: { sha256 = '' } = {} } = input.revision;
        const found = revisionType === 'AppSpecContent' ? application.revisions.get(sha256) : undefined;
        if (found === undefined) throw refuse('RevisionDoesNotExistException', 'The named revision does not exist');
        return {
          applicationName: application.name,
          revision: { revisionType: 'AppSpecContent', appSpecContent: { content: found.content, sha256 } },
          revisionInfo: { registerTime: new Date(found.registeredAt) },
        };
      },
    },
  };
};
