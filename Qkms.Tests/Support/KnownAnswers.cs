using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Qkms.Tests.Support;

/// <summary>What an independent implementation answers, from <c>Vectors/known-answers.json</c>; its README says how the file is made.</summary>
internal static class KnownAnswers
{
    internal static JsonElement Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder(), "known-answers.json")));
        return document.RootElement.Clone();
    }

    private static string Folder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "Vectors"));
}
