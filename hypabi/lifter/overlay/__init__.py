"""The instructions that SLEIGH lacks or reads wrongly, by encoding: A64, A32 and T32."""
