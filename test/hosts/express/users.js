/** Stands for the database of an app: who there is, and who is whom at Nevis. */
const users = []

exports.add = (user) => void users.push(user)
exports.findById = async (id) => users.find((user) => user.id === id)
exports.findByNevisId = async (nevisUserId) => users.find((user) => user.nevisUserId === nevisUserId)
exports.findByProvider = async (providerId) => users.find((user) => user.providerId === providerId)
exports.withPassword = async (username, password) => users.find((user) => user.username === username && user.password === password) ?? false
