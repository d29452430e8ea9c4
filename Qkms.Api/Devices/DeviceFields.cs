using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Devices;

namespace Qkms.Api.Devices;

/// <summary>The id of a device.</summary>
internal sealed class DeviceIdFieldAttribute : FieldAttribute
{
    public DeviceIdFieldAttribute()
    {
        (Pattern, MinLength, MaxLength) = (DeviceId.Pattern, 1, DeviceId.MaxLength);
        Example = DeviceEndpoints.ExampleId;
    }
}

/// <summary>An algorithm of devices' keys, by any of its spellings.</summary>
internal sealed class DeviceAlgorithmFieldAttribute : FieldAttribute
{
    public DeviceAlgorithmFieldAttribute() =>
        (Words, Example) = ([.. DeviceRows.Algorithms.SelectMany(algorithm => algorithm.Spellings)], DeviceRows.Algorithms[0].Name);
}

/// <summary>The rules for fields about devices.</summary>
internal static class DeviceFields
{
    private static readonly string _algorithms =
        $"must be one of {string.Join(", ", DeviceRows.Algorithms.SelectMany(algorithm => algorithm.Spellings))} and occur once";

    /// <summary>The device in a path.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>: the path names none.</exception>
    public static DeviceId Read(string text)
    {
        if (DeviceId.TryParse(text, out DeviceId id))
            return id;

        string problem = $"must be 1 to {DeviceId.MaxLength} letters, digits, '.', '_', ':', '-', and not '.' or '..'";
        throw KmsErrors.Invalid.With($"'device_id' {problem}.", new FieldError("device_id", problem));
    }

    public static IRuleBuilderOptions<T, AlgorithmText?> IsDeviceAlgorithm<T>(this IRuleBuilder<T, AlgorithmText?> rule) => rule
        .Must(algorithm => algorithm is null || (algorithm.Value.Value is { } known && DeviceRows.Algorithms.Contains(known)))
        .WithMessage(_algorithms);

    /// <summary>The algorithm that a request names, and its spelling; null when it names none.</summary>
    public static (KeyAlgorithm Algorithm, string Spelling)? Chosen(this AlgorithmText? algorithm) =>
        algorithm is { Value: { } known, Text: var text } ? (known, text) : null;
}
