using System.Text;
using System.Text.Json;

namespace Qkms.Api.Commands;

/// <summary>What commands answer to scripts.</summary>
internal static class CommandJson
{
    /// <summary>One object, on one line.</summary>
    /// <param name="write">Writes its members.</param>
    public static string Object(Action<Utf8JsonWriter> write)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    /// <summary>Writes a member that is an array of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);

        json.WriteEndArray();
    }
}
