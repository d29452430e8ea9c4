using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qkms.Core.Secrets;

/// <summary>
/// Keeps secrets out of JSON unless somebody means it: whoever writes them on purpose adds a converter of their own to the options.
/// </summary>
internal sealed class SecretBytesGuard : JsonConverter<SecretBytes>
{
    /// <inheritdoc/>
    public override SecretBytes Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Secrets are not read from JSON here.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SecretBytes value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Secrets are not written as JSON here.");
}
