using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Qkms.Benchmarks;

/// <summary>The messages that are signed: those of C2SP/CCTV where the file is found, else counted ones.</summary>
internal static class BenchmarkMessages
{
    private const string Variable = "QKMS_VECTORS";

    /// <exception cref="InvalidDataException">The file has another number of messages.</exception>
    internal static byte[][] Read(int count)
    {
        string? file = Find();
        if (file is null)
            return [.. Enumerable.Range(0, count).Select(i => Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)))];

        string[] messages = JsonSerializer.Deserialize<string[]>(File.ReadAllText(file)) ?? [];
        return messages.Length == count
            ? [.. messages.Select(Encoding.UTF8.GetBytes)]
            : throw new InvalidDataException($"'{file}' has {messages.Length} messages where {count} are expected.");
    }

    /// <summary>In the folder of test vectors: the variable's, or <c>../shared/vectors</c> beside the repository.</summary>
    private static string? Find()
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder))
        {
            DirectoryInfo? root = new(AppContext.BaseDirectory);
            while (root is not null && !File.Exists(Path.Combine(root.FullName, "Qkms.sln")))
                root = root.Parent;
            folder = root?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "vectors") : null;
        }

        string? file = folder is null ? null : Path.Combine(folder, "cctv", "ML-DSA-65-benchmark.json");
        return File.Exists(file) ? file : null;
    }
}
