import { Module, type DynamicModule } from '@nestjs/common';
import { LoginController } from './login.controller.ts';
import { LoginPageController } from './page.controller.ts';
import { LoginResources } from './resources.ts';

@Module({})
class LoginModule {}

/** Login, and what a person sees of it. */
export function loginModule(resources: LoginResources): DynamicModule {
  return {
    module: LoginModule,
    controllers: [LoginPageController, LoginController],
    providers: [{ provide: LoginResources, useValue: resources }],
  };
}
