using System.Text.Json;
using System.Text.Json.Serialization;
using Qkms.Api.Logging;

namespace Qkms.Api.Http;

/// <summary>Reads and writes times in the form of <see cref="UtcText"/>.</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[UtcText.Length];
        UtcText.Write(value, text);
        writer.WriteStringValue(text);
    }
}
