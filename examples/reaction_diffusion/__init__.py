"""Patterns from diffusion and reaction, coupled step by step."""
