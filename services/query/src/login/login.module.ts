import { Module, type DynamicModule } from '@nestjs/common';
import { InvitationsController } from '../account/invitations.controller.ts';
import { KeysController } from '../account/keys.controller.ts';
import { MembersController } from '../account/members.controller.ts';
import { InvitedController } from './invited.controller.ts';
import { LoginController } from './login.controller.ts';
import { LoginPageController } from './page.controller.ts';
import { ProvidersController } from './providers/providers.controller.ts';
import { LoginResources } from './resources.ts';
import { WorkosController } from './workos/workos.controller.ts';

@Module({})
class LoginModule {}

/** Login, and what a person sees of it. */
export function loginModule(resources: LoginResources): DynamicModule {
  return {
    module: LoginModule,
    controllers: [
      LoginPageController,
      LoginController,
      InvitedController,
      ProvidersController,
      WorkosController,
      KeysController,
      MembersController,
      InvitationsController,
    ],
    providers: [{ provide: LoginResources, useValue: resources }],
  };
}
