// @ts-check
// The build of axios that `require` gives, which is also the one that passport-nevis loads.
module.exports = require('axios')
