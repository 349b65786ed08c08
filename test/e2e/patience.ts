// How many times as long everything may take: an emulated machine is slow.
export const patience = Number(process.env.KINGLET_TEST_PATIENCE ?? 1)
