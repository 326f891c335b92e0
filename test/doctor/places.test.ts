/** Tests how the command `doctor` names a line of the app on Windows. The modules of Node are replaced by those for Windows paths. */
it('a line of the app on Windows › is named with forward slashes, as the search in the source names it', () => {
  jest.resetModules()
  jest.doMock('node:path', () => jest.requireActual<typeof import('node:path')>('node:path').win32)
  jest.doMock('node:fs', () => ({ ...jest.requireActual<object>('node:fs'), existsSync: () => true }))
  jest.spyOn(process, 'cwd').mockReturnValue('C:\\app')
  const { placeIn } = jest.requireActual<typeof import('../../src/doctor/places')>('../../src/doctor/places')
  expect(placeIn('Error\n    at login (C:\\app\\routes\\auth.js:12:3)')).toBe('routes/auth.js:12')
})
