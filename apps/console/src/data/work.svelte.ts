/** Something that must not be done twice because a button or a key was pressed twice. */
export class Work {
  isRunning = $state(false);

  /** Does nothing while the one before runs. */
  async run(does: () => Promise<void>): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      await does();
    } finally {
      this.isRunning = false;
    }
  }
}
