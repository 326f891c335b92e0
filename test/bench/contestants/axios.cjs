// @ts-check
// axios has one build for `import` and one for `require`. passport-nevis loads the build for `require`, so the other contestants load the same build.
module.exports = require('axios')
